"""What a recording must be to serve as a voice or an emotion."""

import numpy as np

from emostudio.audio.torchaudio_door import resample
from emostudio.values import Clip

SAMPLE_RATE = 16_000  # Hz, of all models here
MIN_SOUND_S = 1.0
MAX_DURATION_S = 60.0
MIN_SAMPLE_RATE = 4_000
_SILENCE = 1e-3  # peak amplitude under which nothing can be heard (-60 dB)
_QUIET_DB = 45.0  # under the loudest frame by more than this is a pause
_MAX_FLAT = 0.01  # share of samples on flat tops: 0 in speech as recorded, 2 to 13 % 12 dB too loud


def check_reference(clip: Clip, *, what: str, longest_s: float = MAX_DURATION_S) -> Clip:
    """Make a recording mono at 16 kHz, or say why it can't be used.

    Args:
        clip: any recording.
        what: names it in the messages, e.g. "The voice reference".
        longest_s: as much of it as is used.

    Raises:
        ValueError: damaged, silent, clipped, too short or too long; the sentence says what to do.
    """
    if clip.sample_rate < MIN_SAMPLE_RATE:
        raise ValueError(
            f"{what} has {clip.sample_rate} samples a second; record it at 8000 or more."
        )
    wav = _mono(clip.wav)
    duration_s = len(wav) / clip.sample_rate
    if not np.isfinite(wav).all():
        raise ValueError(f"{what} has samples that are no numbers; save the recording again.")
    if duration_s >= longest_s + 0.5:
        advice = "3 to 30 s" if longest_s == MAX_DURATION_S else f"{longest_s:.0f} s or less"
        raise ValueError(f"{what} is {duration_s:.0f} s long; cut it to {advice}.")
    if len(wav) == 0 or float(np.abs(wav - wav.mean()).max()) < _SILENCE:
        raise ValueError(f"{what} is silent; record or choose one with a voice in it.")
    if _flat_share(wav) > _MAX_FLAT:
        raise ValueError(
            f"{what} is clipped: it was recorded too loud. Record it again at a lower level."
        )
    sound_s = _sound_s(wav, clip.sample_rate)
    if sound_s < MIN_SOUND_S:
        raise ValueError(
            f"{what} has {sound_s:.1f} s of sound; give at least {MIN_SOUND_S:.0f} s, "
            "better 3 to 30."
        )
    return Clip(resample(wav, clip.sample_rate, SAMPLE_RATE), SAMPLE_RATE)


def _mono(wav: np.ndarray) -> np.ndarray:
    """Average channels, whichever axis they are on, and scale integers to [-1, 1]."""
    if np.issubdtype(wav.dtype, np.integer):
        wav = wav / float(np.iinfo(wav.dtype).max)
    if wav.ndim > 1:
        wav = wav.mean(axis=int(np.argmin(wav.shape)))
    return np.ascontiguousarray(wav, dtype=np.float32)


def _flat_share(wav: np.ndarray) -> float:
    """Share of samples in runs of three or more that stay at the peak, as clipping leaves."""
    peak = float(np.abs(wav).max())
    top = np.abs(wav) >= 0.999 * peak
    # Both signs count, but a run is on one side.
    alike = top[1:] & top[:-1] & (np.sign(wav[1:]) == np.sign(wav[:-1]))
    return float((alike[1:] & alike[:-1]).mean()) if len(alike) > 1 else 0.0


def _sound_s(wav: np.ndarray, sample_rate: int) -> float:
    """Seconds of frames of 20 ms that are not pauses."""
    frame = sample_rate // 50
    frames = wav[: len(wav) // frame * frame].reshape(-1, frame)
    if len(frames) == 0:
        return 0.0
    rms = np.sqrt(np.square(frames - wav.mean()).mean(axis=1))
    return float((rms > rms.max() * 10 ** (-_QUIET_DB / 20)).sum()) * frame / sample_rate
