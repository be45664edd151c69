"""Every bad recording gets its sentence, every good one comes out mono at 16 kHz."""

import numpy as np
import pytest

from emostudio.audio.reference import SAMPLE_RATE, check_reference
from emostudio.values import Clip


def voice(seconds: float, sample_rate: int = 16_000, peak: float = 0.5) -> np.ndarray:
    """Noise-colored buzz, with a pause at each end as recordings have."""
    rng = np.random.default_rng(0)
    time = np.arange(int(seconds * sample_rate)) / sample_rate
    buzz = sum(np.sin(2 * np.pi * 150 * k * time + k) / k for k in range(1, 12))
    wav = buzz * (1 + 0.3 * np.sin(2 * np.pi * 3 * time)) + 0.01 * rng.normal(size=len(time))
    return (peak * wav / np.abs(wav).max()).astype(np.float32)


def checked(wav: np.ndarray, sample_rate: int = 16_000) -> Clip:
    return check_reference(Clip(wav, sample_rate), what="The voice reference")


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 44_100, 96_000])
def test_any_rate_becomes_16_khz_of_the_same_length(sample_rate: int) -> None:
    clip = checked(voice(2, sample_rate), sample_rate)
    assert clip.sample_rate == SAMPLE_RATE
    assert clip.duration_s == pytest.approx(2, abs=0.001)
    assert clip.wav.dtype == np.float32 and clip.wav.ndim == 1


def test_channels_and_integers_are_what_they_mean() -> None:
    wav = voice(2)
    stereo = np.stack([wav, wav])
    np.testing.assert_allclose(checked(stereo).wav, wav, atol=1e-6)
    np.testing.assert_allclose(checked(stereo.T).wav, wav, atol=1e-6)
    np.testing.assert_allclose(checked((wav * 32767).astype(np.int16)).wav, wav, atol=1e-4)


def test_a_quiet_or_loud_recording_is_taken() -> None:
    for peak in (0.01, 1.0):
        assert checked(voice(2, peak=peak)).duration_s == 2


def test_the_recording_is_left_as_it_was() -> None:
    wav = voice(2)
    before = wav.copy()
    checked(wav)
    assert np.array_equal(wav, before)


@pytest.mark.parametrize(
    ("wav", "words"),
    [
        (np.zeros(32_000, np.float32), "is silent"),
        (np.zeros(0, np.float32), "is silent"),
        (np.full(32_000, 0.3, np.float32), "is silent"),
        (np.clip(8 * voice(2), -1, 1), "is clipped"),
        (np.clip(8 * voice(2), -1, 1) * 0.3, "is clipped"),
        (voice(0.1), "0.1 s of sound; give at least 1 s"),
        (np.pad(voice(0.6), 40_000), "0.6 s of sound"),
        (voice(61), "61 s long; cut it"),
        (np.append(voice(2), np.float32(np.nan)), "no numbers"),
        (np.append(voice(2), np.float32(np.inf)), "no numbers"),
    ],
)
def test_what_is_wrong_is_said(wav: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=f"The voice reference.*{words}"):
        checked(wav)


def test_ten_minutes_are_too_long() -> None:
    with pytest.raises(ValueError, match="600 s long; cut it"):
        checked(np.tile(voice(60, 8_000), 10), 8_000)


def test_a_rate_that_no_voice_fits_is_refused() -> None:
    with pytest.raises(ValueError, match="2000 samples a second"):
        checked(voice(2, 2_000), 2_000)
