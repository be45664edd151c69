"""What comes with every sound made here: how it was asked for, by what it was made, what is heard.

With it the same sound can be made again, and a recording that took part is recognized, not kept.
"""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import asdict
from importlib import metadata
from typing import Any

import numpy as np

from emostudio import __version__
from emostudio.values import SYNTHETIC, Clip, Prediction

VERSIONS = ("torch", "numpy", "phonemizer-fork", "espeakng-loader")
NONE = "This is not a passport of EmoStudio; choose the .json that came with a take."


def passport_of(
    asked: dict[str, Any],
    recordings: dict[str, Clip | None],
    clip: Clip,
    models: dict[str, str],
    read_back: dict[str, Any],
) -> dict[str, Any]:
    """Write a passport.

    Args:
        asked: "request" or "conversion" and its settings.
        recordings: by name; their fingerprints alone are written.
        clip: the sound.
        models: hash of each checkpoint that took part.
        read_back: what the studio's models hear in it.
    """
    samples = np.ascontiguousarray(clip.wav).tobytes()
    return {
        "emostudio": __version__,
        "created": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "notice": SYNTHETIC,
        **asked,
        **{name: fingerprint(recording) for name, recording in recordings.items()},
        "models": dict(models),
        "versions": {name: metadata.version(name) for name in VERSIONS},
        "read_back": read_back,
        "sha256": hashlib.sha256(samples).hexdigest(),
    }


def heard_in(prediction: Prediction) -> dict[str, Any]:
    """What the recognizer hears, rounded for reading."""
    return {
        "label": prediction.label,
        "probs": {name: round(p, 4) for name, p in prediction.probs.items()},
        "affect": {name: round(v, 4) for name, v in asdict(prediction.affect).items()},
    }


def fingerprint(clip: Clip | None) -> dict[str, Any]:
    """Hash and length of a recording, nothing of none."""
    if clip is None:
        return {}
    samples = np.ascontiguousarray(clip.wav, dtype=np.float32).tobytes()
    return {
        "sha256": hashlib.sha256(samples).hexdigest(),
        "seconds": round(clip.duration_s, 2),
    }


def given_again(
    passport: dict[str, Any], recordings: dict[str, Clip | None]
) -> dict[str, Clip | None]:
    """The recordings that a passport tells of, out of those given.

    Raises:
        ValueError: one is not given, or is another.
    """
    for name, clip in recordings.items():
        wanted = passport.get(name)
        if wanted and (clip is None or fingerprint(clip)["sha256"] != wanted["sha256"]):
            raise ValueError(
                f"This take was made with a recording ({name.replace('_', ' ')}, "
                f"{wanted['seconds']} s) that is not kept; give the same file again."
            )
    return {name: clip for name, clip in recordings.items() if passport.get(name)}
