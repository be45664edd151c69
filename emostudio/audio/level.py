"""How loud a sound is from frame to frame, and which of it is speech; no torch is needed."""

import numpy as np

SILENCE_BELOW_PEAK_DB = 38.0


def frame_power(wav: np.ndarray, hop_length: int) -> np.ndarray:
    """Mean power (T,) of each whole frame of a sound (T_wav,), never quite zero."""
    frames = wav[: len(wav) // hop_length * hop_length].reshape(-1, hop_length)
    return (frames.astype(np.float64) ** 2).mean(axis=1) + 1e-12


def speech_level_db(power: np.ndarray) -> float:
    """Level of the frames that hold speech: the mean of the power (T,) within 30 dB of the most."""
    return float(10 * np.log10(power[power > power.max() * 1e-3].mean()))


def heard_frames(power: np.ndarray) -> np.ndarray:
    """Places of the frames of a power (T,) that are no silence."""
    return np.flatnonzero(power > np.percentile(power, 95) * 10 ** (-SILENCE_BELOW_PEAK_DB / 10))
