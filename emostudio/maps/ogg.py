"""Small files of speech for browsers: Ogg Opus of about 24 kbit/s, 3 kB a second."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from emostudio.values import Clip

LEVEL = 0.93  # of libsndfile: 1 is 6 kbit/s, 0 is 256
RATES = (8_000, 12_000, 16_000, 24_000, 48_000)  # Hz that Opus knows


def write_ogg(clip: Clip, path: Path, *, comment: str = "") -> None:
    """Write a clip; `comment` goes into the file.

    Raises:
        ValueError: Opus does not know its sample rate.
    """
    import soundfile

    if clip.sample_rate not in RATES:
        raise ValueError(f"Opus knows no {clip.sample_rate} Hz; resample to one of {RATES}.")
    with soundfile.SoundFile(
        path,
        "w",
        samplerate=clip.sample_rate,
        channels=1,
        format="OGG",
        subtype="OPUS",
        compression_level=LEVEL,
    ) as file:
        if comment:
            file.comment = comment
            file.software = "EmoStudio"
        wav = np.clip(clip.wav, -1, 1)
        # Second by second: libsndfile's encoders of Xiph overflow on long arrays.
        for start in range(0, len(wav), clip.sample_rate):
            file.write(wav[start : start + clip.sample_rate])
