"""Fundamental frequency, through Praat (praat-parselmouth, GPL-3: this module is its only door)."""

import numpy as np

F0_MIN = 60.0
F0_MAX = 600.0


def f0_contour(wav: np.ndarray, sample_rate: int, hop_length: int) -> np.ndarray:
    """F0 (T,) in Hz at the centers of mel frames, 0 where unvoiced; T = T_wav // hop_length.

    Autocorrelation method of Boersma (1993) with Praat's standard costs.
    """
    import parselmouth

    n_frames = len(wav) // hop_length
    if len(wav) < 4 / F0_MIN * sample_rate:
        return np.zeros(n_frames, np.float32)
    pitch = parselmouth.Sound(wav.astype(np.float64), sample_rate).to_pitch_ac(
        time_step=hop_length / sample_rate / 2, pitch_floor=F0_MIN, pitch_ceiling=F0_MAX
    )
    values = pitch.selected_array["frequency"]
    centers = (np.arange(n_frames) + 0.5) * hop_length / sample_rate
    times = pitch.xs()
    after = np.clip(np.searchsorted(times, centers), 1, len(times) - 1)
    nearest = after - (centers - times[after - 1] < times[after] - centers)
    return values[nearest].astype(np.float32)


def fill_unvoiced(f0: np.ndarray) -> np.ndarray:
    """Natural log of F0 (T,), carried linearly through unvoiced frames; zeros if none is voiced."""
    voiced = f0 > 0
    if not voiced.any():
        return np.zeros_like(f0, dtype=np.float32)
    frames = np.arange(len(f0))
    return np.interp(frames, frames[voiced], np.log(f0[voiced])).astype(np.float32)
