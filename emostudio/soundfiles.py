"""Sound files to mono samples: any format, no more than a person needs, problems in words."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np

SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".aac", ".aif", ".aiff", ".webm")
MAX_FILE_BYTES = 100 * 2**20
# Silence packs a thousandfold: what is decoded has limits of its own.
MAX_DURATION_S = 600
MAX_RATE = 384_000  # samples a second, all channels together
FFMPEG_RATE = 48_000
FFMPEG_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,aac,amr,asf,aiff,caf,mp3,wav,ogg,flac,wv"
_UNKNOWN = 2**62  # more frames than this: the header of a stream, which ffmpeg reads


def decode(path: Path) -> tuple[np.ndarray, int]:
    """Read a file as mono (T_wav,) float32 and its sample rate in Hz.

    What soundfile can't read goes through ffmpeg if installed.

    Raises:
        ValueError: no such file, too large, too long, or not sound; the sentence says what to do.
    """
    import soundfile

    if not path.is_file():
        raise ValueError(f"There is no file {path}. Check the path.")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise ValueError(
            f"{path.name} is larger than {MAX_FILE_BYTES // 2**20} MB. "
            "Cut it to the seconds you need, 3 to 30 are enough."
        )
    try:
        with soundfile.SoundFile(path) as file:
            sample_rate = int(file.samplerate)
            if file.channels * sample_rate > MAX_RATE:
                raise ValueError(
                    f"{path.name} has {file.channels} channels of {sample_rate} samples a second. "
                    "Save it as mono of 48000."
                )
            limit = MAX_DURATION_S * sample_rate
            if limit < file.frames < _UNKNOWN:
                raise _too_long(path)
            wav = file.read(limit + 1, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        return _decode_with_ffmpeg(path, error), FFMPEG_RATE
    if len(wav) > limit:
        raise _too_long(path)
    return np.ascontiguousarray(wav.mean(axis=1)), sample_rate


def _decode_with_ffmpeg(path: Path, error: Exception) -> np.ndarray:
    if shutil.which("ffmpeg") is None:
        raise ValueError(
            f"{path.name} is not a sound file that can be read here. "
            "Save it as WAV, FLAC, OGG or MP3 (m4a and webm need ffmpeg on this machine)."
        ) from error
    command = ["ffmpeg", "-nostdin", "-v", "error", "-protocol_whitelist", "file,pipe"]
    # Sound and film only: a playlist would make ffmpeg open other files.
    command += ["-format_whitelist", FFMPEG_FORMATS]
    command += ["-i", str(path), "-vn", "-ac", "1", "-ar", str(FFMPEG_RATE)]
    command += ["-t", str(MAX_DURATION_S + 1), "-f", "f32le", "-"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        raise ValueError(
            f"{path.name} takes too long to read. Cut it to the seconds you need."
        ) from error
    wav = np.frombuffer(done.stdout[: len(done.stdout) // 4 * 4], dtype="<f4")
    if done.returncode != 0 or len(wav) == 0:
        raise ValueError(
            f"{path.name} is not a sound file, or it is damaged. Upload WAV, FLAC, OGG, MP3 or M4A."
        ) from error
    if len(wav) > MAX_DURATION_S * FFMPEG_RATE:
        raise _too_long(path) from error
    return wav.copy()


def _too_long(path: Path) -> ValueError:
    return ValueError(
        f"{path.name} is longer than {MAX_DURATION_S // 60} minutes. "
        "Cut it to the seconds you need, 3 to 30 are enough."
    )
