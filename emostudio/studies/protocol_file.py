"""A study as one JSON file: its protocol and a list of its clips, enough to make it anew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emostudio import __version__
from emostudio.listening.protocol import Protocol
from emostudio.storage.database import Database
from emostudio.storage.sounds import Sounds
from emostudio.studies import authoring
from emostudio.studies.clips import NewClip
from emostudio.studies.finding import found
from emostudio.studies.grid import grid

FIELDS = (
    "system utterance text speaker language role emotion intensity mix gold guess provenance"
).split()
NONE = "This is no protocol of EmoStudio. Choose the .json that a study was saved as."


def protocol_file(db: Database, slug: str) -> str:
    """Return a study as JSON; sounds are named by their SHA-256 and kept by you.

    Raises:
        ValueError: there is no such study.
    """
    with db.read() as session:
        study = found(session, slug)
    clips = [
        {"sha256": clip.sha256, **{name: getattr(clip, name) for name in FIELDS}}
        for clip in grid(db, slug).clips
    ]
    told = {
        "emostudio": __version__,
        "slug": study.slug,
        "protocol": study.protocol,
        "protocol_hash": study.protocol_hash,
        "clips": clips,
    }
    return json.dumps(told, indent=2, ensure_ascii=False)


def make_anew(
    db: Database, sounds: Sounds, text: str, files: Sequence[Path] = (), *, actor: str = ""
) -> str:
    """Make a draft of what `protocol_file` wrote, and return its slug.

    Args:
        db: where studies lie.
        sounds: where clips are looked for first.
        text: the JSON.
        files: the clips, under any names.
        actor: who did it, for the audit.

    Raises:
        ValueError: this is no protocol, or clips are missing; the sentence says which.
    """
    try:
        told = json.loads(text)
        protocol = Protocol.from_json(told["protocol"])
        clips = [(str(clip["sha256"]), _values(clip)) for clip in told["clips"]]
        slug = str(told.get("slug", ""))
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise ValueError(NONE) from error
    given = {_sha256(file): file for file in files}
    where = {
        sha256: given[sha256] if sha256 in given else sounds.path(sha256)
        for sha256, _ in clips
        if sha256 in given or sha256 in sounds
    }
    missing = [
        f"{values.get('system', '')} {values.get('utterance', '')}".strip() or sha256[:12]
        for sha256, values in clips
        if sha256 not in where
    ]
    if missing:
        raise ValueError(
            f"{len(missing)} of {len(clips)} clips are missing, the first of them "
            f"{', '.join(missing[:3])}. Give the same files that the study was made of."
        )
    new = [NewClip(where[sha256], **values) for sha256, values in clips]
    made = authoring.create(db, protocol, slug=authoring.slug_of(slug) if slug else "", actor=actor)
    refused = authoring.add_clips(db, sounds, made, new).refused
    if refused:
        name, why = next(iter(refused.items()))
        raise ValueError(f"The draft '{made}' lacks {len(refused)} clips, such as {name}: {why}")
    return made


def _values(clip: Mapping[str, Any]) -> dict[str, Any]:
    return {name: clip[name] for name in FIELDS if clip.get(name) is not None}


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
