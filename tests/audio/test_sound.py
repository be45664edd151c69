"""Truths of mel, F0 and the door to torchaudio."""

import math

import numpy as np
import pytest
import torch

from emostudio.audio.mel import HOP, LOG_FLOOR, N_MELS, SAMPLE_RATE, log_mel, mel_filters
from emostudio.audio.pitch import f0_contour, fill_unvoiced
from emostudio.audio.torchaudio_door import resample
from tests.speech import vowels


def tone(hertz: float, rate: int = SAMPLE_RATE, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate).astype(np.float32)


def test_a_mel_has_one_frame_a_hop() -> None:
    for n_samples in (HOP, 1000, 16_000):
        assert log_mel(torch.randn(1, n_samples)).shape == (1, N_MELS, n_samples // HOP)


def test_frames_are_centered_on_their_hop() -> None:
    wav = torch.zeros(1, 40 * HOP)
    wav[0, 20 * HOP + HOP // 2] = 1.0
    assert log_mel(wav)[0].exp().sum(0).argmax().item() == 20


def test_a_tone_is_loudest_in_its_band() -> None:
    centers = (mel_filters() * torch.linspace(0, 8000, 513)[:, None]).sum(0) / mel_filters().sum(0)
    for hertz in (300.0, 1000.0, 4000.0):
        band = log_mel(torch.from_numpy(tone(hertz))[None])[0, :, 20].argmax()
        assert centers[band].item() == pytest.approx(hertz, rel=0.1)


def test_twice_as_loud_is_log_two_more_and_silence_is_the_floor() -> None:
    wav = torch.from_numpy(vowels())[None]
    difference = log_mel(2 * wav) - log_mel(wav)
    assert difference.median().item() == pytest.approx(math.log(2), abs=1e-3)
    assert log_mel(torch.zeros(1, 4000)).max().item() == pytest.approx(math.log(LOG_FLOOR))


def test_less_than_a_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter than one frame"):
        log_mel(torch.zeros(1, HOP - 1))


@pytest.mark.parametrize("hertz", [80.0, 150.0, 400.0])
def test_f0_of_a_steady_voice_is_its_pitch(hertz: float) -> None:
    wav = sum(tone(hertz * k) / k for k in range(1, 8))
    assert isinstance(wav, np.ndarray)
    f0 = f0_contour(wav, SAMPLE_RATE, HOP)
    assert len(f0) == len(wav) // HOP
    assert np.median(f0[f0 > 0]) == pytest.approx(hertz, rel=0.01)


def test_noise_and_silence_have_no_pitch() -> None:
    noise = np.random.default_rng(0).normal(size=16_000).astype(np.float32)
    assert (f0_contour(noise, SAMPLE_RATE, HOP) > 0).mean() < 0.2
    assert not f0_contour(np.zeros(16_000, np.float32), SAMPLE_RATE, HOP).any()
    assert len(f0_contour(np.zeros(300, np.float32), SAMPLE_RATE, HOP)) == 1


def test_unvoiced_frames_are_bridged_in_log() -> None:
    filled = fill_unvoiced(np.array([0, 100, 0, 400, 0], np.float32))
    assert np.exp(filled) == pytest.approx([100, 100, 200, 400, 400], rel=1e-4)
    assert not fill_unvoiced(np.zeros(3, np.float32)).any()


def test_resampling_keeps_a_tone_below_both_limits() -> None:
    for rate in (8_000, 44_100, 96_000):
        there = resample(tone(440, rate), rate, SAMPLE_RATE)
        assert len(there) == pytest.approx(SAMPLE_RATE, abs=2)
        middle = slice(1000, -1000)
        assert np.abs(there[:SAMPLE_RATE] - tone(440)[: len(there)])[middle].max() < 0.02


def test_tables_made_while_a_take_is_spoken_serve_training_too() -> None:
    from emostudio.audio import excitation, mel

    with torch.inference_mode():
        tables = (mel.mel_filters.__wrapped__(), excitation._table.__wrapped__())
    assert not any(table.is_inference() for table in tables)
