"""Clips of a study as sound: what is measured of them, and the plain files that listeners get."""

from __future__ import annotations

import io
import math
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emostudio.soundfiles import decode

MIN_CLIP_S, MAX_CLIP_S = 0.1, 120.0
MIN_LOUDNESS_S = 0.4  # one block of ITU-R BS.1770
CLIP_LUFS = -23.0  # EBU R 128
FULL_SCALE = 32767 / 32768


@dataclass(frozen=True)
class Sound:
    """What is measured of a clip.

    `loudness_db` is integrated loudness in LUFS, None where the clip is too short or silent to have
    one; `clipped` the share of samples at full scale; `peak` the largest sample, 1 at full scale.
    """

    duration_s: float
    sample_rate: int
    loudness_db: float | None
    clipped: float
    peak: float


def measure(path: Path) -> Sound:
    """Measure a sound file.

    Raises:
        ValueError: it can't be read, or is no clip for a listener; the sentence says why.
    """
    wav, sample_rate = decode(path)
    duration_s = len(wav) / sample_rate
    if not MIN_CLIP_S <= duration_s <= MAX_CLIP_S:
        raise ValueError(
            f"The clip lasts {duration_s:.2f} s. Give clips of {MIN_CLIP_S} to {MAX_CLIP_S:g} s."
        )
    if not np.isfinite(wav).all():
        raise ValueError("The clip has samples that are no numbers. Save it anew as 16-bit WAV.")
    level = np.abs(wav)
    if not level.any():
        raise ValueError("The clip is silent. Leave it out, or record it again.")
    return Sound(
        duration_s,
        sample_rate,
        loudness(wav, sample_rate),
        float((level >= FULL_SCALE).mean()),
        float(level.max()),
    )


def loudness(wav: np.ndarray, sample_rate: int) -> float | None:
    """Return the integrated loudness of (T_wav,) samples in LUFS, None if it has none."""
    import pyloudnorm

    if len(wav) < MIN_LOUDNESS_S * sample_rate:
        return None
    lufs = pyloudnorm.Meter(sample_rate).integrated_loudness(wav)
    return float(lufs) if math.isfinite(lufs) else None


def gains(mode: str, clips: Mapping[str, tuple[str, Sound]]) -> dict[str, float]:
    """Return the gain in dB of each clip by its key.

    "none" leaves all as they are, "system" gives the clips of a system one gain (to the median
    loudness of the systems), "clip" brings each to -23 LUFS. Where any clip would clip, all become
    as much softer as that takes: what was evened out stays even.

    Args:
        mode: one of `protocol.LOUDNESS`.
        clips: system (or empty) and sound of each clip.
    """
    if mode == "none":
        return dict.fromkeys(clips, 0.0)
    group = {key: system if mode == "system" else key for key, (system, _) in clips.items()}
    heard: dict[str, list[float]] = {}
    room: dict[str, float] = {}
    for key, (_, sound) in clips.items():
        name = group[key]
        if sound.loudness_db is not None:
            heard.setdefault(name, []).append(sound.loudness_db)
        room[name] = min(room.get(name, math.inf), -20 * math.log10(sound.peak))
    level = {name: float(np.median(values)) for name, values in heard.items()}
    if not level:
        return dict.fromkeys(clips, 0.0)
    wanted = CLIP_LUFS if mode == "clip" else float(np.median(list(level.values())))
    wanted = min([wanted, *(level[name] + room[name] for name in level)])
    gain = {name: wanted - level[name] for name in level}
    # Of unknown loudness: as the others, as far as there is room.
    usual = float(np.median(list(gain.values())))
    return {
        key: round(gain[name] if name in gain else min(usual, room[name]), 4)
        for key, name in group.items()
    }


def served(path: Path, gain_db: float) -> bytes:
    """Return a sound as a listener gets it: mono, 16 bits, no tags.

    Raises:
        ValueError: the file can't be read.
    """
    wav, sample_rate = decode(path)
    return wav_bytes(wav * 10 ** (gain_db / 20), sample_rate)


def wav_bytes(wav: np.ndarray, sample_rate: int) -> bytes:
    """Return (T_wav,) samples in [-1, 1] as a 16-bit WAV file, its header and samples alone."""
    samples = np.clip(np.round(wav * 2**15), -(2**15), 2**15 - 1).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()
