"""Another vocal tract moves formants, and nothing else."""

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

from emostudio.audio.mel import SAMPLE_RATE
from emostudio.audio.perturbation import (
    MOST,
    draw_ratio,
    lpc_envelope,
    shift_formants,
    stretch,
)
from emostudio.audio.pitch import f0_contour


def vowel(f0: float, formants: tuple[float, ...], duration_s: float = 1.0) -> torch.Tensor:
    """Pulses at `f0` through resonances of 80 Hz at `formants`."""
    n = round(duration_s * SAMPLE_RATE)
    wav = np.diff(np.floor(np.arange(n + 1) * f0 / SAMPLE_RATE))
    for formant in formants:
        radius = np.exp(-np.pi * 80 / SAMPLE_RATE)
        angle = 2 * np.pi * formant / SAMPLE_RATE
        wav = lfilter([1.0], [1, -2 * radius * np.cos(angle), radius**2], wav)
    return torch.from_numpy(0.5 * wav / np.abs(wav).max()).float()


def peak_hz(wav: torch.Tensor, low: float, high: float) -> float:
    window = torch.hann_window(1024)
    spectrum = torch.stft(wav, 1024, 256, window=window, return_complex=True).abs()
    envelope = lpc_envelope(spectrum).log().mean(1)
    frequencies = torch.arange(len(envelope)) * SAMPLE_RATE / 1024
    within = (frequencies >= low) & (frequencies <= high)
    return float(frequencies[within][envelope[within].argmax()])


@pytest.mark.parametrize("ratio", [1 / MOST, 0.85, 1.2, MOST])
def test_formants_move_and_f0_stays(ratio: float) -> None:
    wav = vowel(120.0, (700.0, 1800.0))
    moved = shift_formants(wav, ratio)
    assert peak_hz(moved, 400, 1100) == pytest.approx(700 * ratio, rel=0.07)
    assert peak_hz(moved, 1200, 2700) == pytest.approx(1800 * ratio, rel=0.07)
    f0 = f0_contour(moved.numpy(), SAMPLE_RATE, 256)
    assert np.median(f0[f0 > 0]) == pytest.approx(120, rel=0.01)


def test_a_ratio_of_one_changes_nothing() -> None:
    wav = vowel(150.0, (600.0, 1500.0))
    assert torch.allclose(shift_formants(wav, 1.0), wav, atol=1e-4)


def test_length_and_peak_stay() -> None:
    wav = vowel(150.0, (600.0,), 0.777)
    moved = shift_formants(wav, 1.3)
    assert moved.shape == wav.shape
    assert float(moved.abs().max()) == pytest.approx(float(wav.abs().max()), rel=1e-4)


def test_silence_stays_silence() -> None:
    moved = shift_formants(torch.zeros(4000), 1.3)
    assert torch.isfinite(moved).all()
    assert not moved.any()


def test_a_sound_shorter_than_half_a_window_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter than"):
        shift_formants(torch.zeros(512), 1.3)


def test_a_stretched_envelope_is_read_at_lower_frequencies() -> None:
    ramp = torch.arange(513.0)[:, None]
    assert stretch(ramp, 2.0)[100, 0] == pytest.approx(50)
    assert stretch(ramp, 0.5)[-1, 0] == pytest.approx(512)


def test_ratios_go_up_as_often_as_down() -> None:
    rng = np.random.default_rng(0)
    ratios = np.array([draw_ratio(rng) for _ in range(2000)])
    assert ratios.min() >= 1 / MOST
    assert ratios.max() <= MOST
    assert (ratios > 1).mean() == pytest.approx(0.5, abs=0.04)
