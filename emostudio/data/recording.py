"""One recording of a corpus to tune on, with what was measured of it when it was taken over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emostudio.audio.level import frame_power, heard_frames, speech_level_db

MIN_S, MAX_S, LONG_S = 0.5, 60.0, 20.0
SILENT_DB, QUIET_DB = -72.0, -60.0  # levels of speech; actors whisper at -58 dB of full scale
FRAME_S = 0.016
_FULL = 0.999
_RUN = 3  # samples at full scale, one after the other, which no microphone gives
_CLIPPED = 1e-4  # share of samples in such runs


@dataclass(frozen=True)
class Level:
    """What is measured of a sound: the level of its speech, and whether it is clipped.

    `silent_s` are all silences together, `spoken_s` is from the first speech to the last.
    """

    speech_db: float
    silent_s: float
    spoken_s: float
    clipped: bool = False


@dataclass(frozen=True)
class Recording:
    """A row of the table of a corpus.

    `file` is its name there, `source` the name it came under. `text` is what training reads, `said`
    what was given, and `unspoken` why the two differ. `split` is train or dev. `phonemes` are the
    symbols that the text has.
    """

    file: str
    source: str
    speaker: str
    lang: str
    emotion: str
    seconds: float
    sample_rate: int
    level: Level
    split: str = ""
    sex: str = ""
    intensity: str = ""
    text: str = ""
    said: str = ""
    unspoken: str = ""
    phonemes: frozenset[str] = frozenset()


def measure(wav: np.ndarray, sample_rate: int) -> Level:
    """Measure a sound (T_wav,) of `sample_rate` Hz.

    Raises:
        ValueError: nothing can be learned from it; the sentence says what to do.
    """
    seconds = len(wav) / sample_rate
    if seconds < MIN_S:
        raise ValueError(f"It lasts {seconds:.2f} s. Give clips of {MIN_S} s and more.")
    if seconds > MAX_S:
        raise ValueError(f"It lasts {seconds:.0f} s. Cut it into sentences of a few seconds each.")
    if not np.isfinite(wav).all():
        raise ValueError("It has samples that are no numbers. Save it again as 16-bit WAV.")
    power = frame_power(wav, round(FRAME_S * sample_rate))
    heard, speech_db = heard_frames(power), speech_level_db(power)
    if speech_db < SILENT_DB:
        raise ValueError("It is silent. Record it again.")
    return Level(
        speech_db=speech_db,
        silent_s=(len(power) - len(heard)) * FRAME_S,
        spoken_s=float(heard[-1] + 1 - heard[0]) * FRAME_S,
        clipped=_clipped(wav),
    )


def _clipped(wav: np.ndarray) -> bool:
    full = np.abs(wav) >= _FULL
    runs = full[2:] & full[1:-1] & full[:-2]  # the middles of runs of three and more
    return bool(runs.sum() + _RUN - 1 > max(_RUN, _CLIPPED * len(wav)))
