"""Labels of clips as a corpus that `pack` and `train` read."""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emostudio.listening.consensus import Consensus, consensus_of
from emostudio.listening.protocol import NEITHER
from emostudio.storage.database import Database
from emostudio.storage.sounds import Sounds
from emostudio.studies.gathering import kept_of
from emostudio.studies.grid import GridClip, grid
from emostudio.values import Clip

STRONG = 0.7  # mean intensity from which a corpus calls a clip strong
HELD_OUT = 10  # one in so many is for dev
COLUMNS = (
    "file speaker sex lang emotion intensity sample_rate seconds split text "
    "shares valence arousal listeners"
).split()


@dataclass(frozen=True)
class Manifest:
    """What `manifest` wrote: the folder of the corpus, clips in it, and why others are not."""

    folder: Path
    clips: int
    left_out: dict[str, str]


def manifest(db: Database, sounds: Sounds, slug: str, target: Path) -> Manifest:
    """Write the labelled clips of a study as the corpus TARGET/SLUG: metadata.csv and the files.

    A clip's emotion is what most heard in it; `shares` beside it is the soft label. Clips nobody
    labelled, on which listeners are level, or which are none of the emotions are left out. One
    speaker in ten is held out as dev, where there are ten; else one clip in ten.

    Raises:
        ValueError: there is no such study, or no clip of it has a label.
    """
    agreed = consensus_of(kept_of(db, slug))
    clips = [clip for clip in grid(db, slug).clips if clip.role == "test"]
    why_not = {clip.id: _why_not(agreed.get(clip.id)) for clip in clips}  # names may be equal
    left_out = {clip.called: why_not[clip.id] for clip in clips if why_not[clip.id]}
    kept = [clip for clip in clips if not why_not[clip.id]]
    if not kept:
        raise ValueError(
            "No clip of this study has a label that most agree on yet. Ask more listeners first."
        )
    folder = target / slug
    folder.mkdir(parents=True, exist_ok=True)
    by_speaker = len({clip.speaker for clip in kept}) >= HELD_OUT
    with (folder / "metadata.csv").open("w", encoding="utf-8", newline="") as lines:
        table: csv.DictWriter[str] = csv.DictWriter(lines, COLUMNS)
        table.writeheader()
        for clip in kept:
            file = Clip.load(sounds.path(clip.sha256)).save(folder / f"{clip.id}.wav")
            apart = clip.speaker if by_speaker else clip.sha256
            row = _row(clip, agreed[clip.id])
            table.writerow(row | {"file": file.name, "split": _split(apart)})
    return Manifest(folder, len(kept), left_out)


def _why_not(label: Consensus | None) -> str:
    if label is None:
        return "nobody has labelled it"
    if label.label is None:
        return "listeners are level on " + " and ".join(list(label.shares)[:2])
    return "most heard none of the emotions" if label.label == NEITHER else ""


def _row(clip: GridClip, label: Consensus) -> dict[str, Any]:
    intensity = ""
    if label.intensity is not None:
        intensity = "strong" if label.intensity >= STRONG else "normal"
    return {
        "speaker": clip.speaker or "unknown",
        "sex": "",
        "lang": clip.language or "en",
        "emotion": label.label,
        "intensity": intensity,
        "sample_rate": clip.sample_rate,
        "seconds": round(clip.duration_s, 3),
        "text": clip.text,
        "shares": json.dumps({name: round(share, 4) for name, share in label.shares.items()}),
        "valence": "" if label.valence is None else round(label.valence, 4),
        "arousal": "" if label.arousal is None else round(label.arousal, 4),
        "listeners": label.listeners,
    }


def _split(name: str) -> str:
    # By the name alone, so that a clip stays where it is when more labels come.
    place = int(hashlib.sha256(name.encode()).hexdigest(), 16)
    return "train" if place % HELD_OUT else "dev"
