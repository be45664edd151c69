"""From what the studio made to a study: takes as clips, and the tray where they wait."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from emostudio.conversion import Conversion, Converted
from emostudio.storage import authored
from emostudio.storage.database import Database
from emostudio.storage.sounds import Sounds
from emostudio.storage.tables import Collected
from emostudio.studies.clips import NewClip
from emostudio.values import SYNTHETIC, Clip, Request, Take

# Systems, if nobody names them otherwise: what speaks, by engine, and what converts.
SYSTEMS, CONVERTS = {"emomix": "EmoMix", "diemo": "DiEmo"}, "ZEST"
RECORDED = "a recorded voice"


def called(engine: str) -> str:
    """Return what people call an engine.

    >>> called("emomix:anna")
    'EmoMix anna'
    """
    system, _, tuned = engine.partition(":")
    return f"{(SYSTEMS | {'zest': CONVERTS})[system]} {tuned}".strip()


def clip_of(made: Take | Converted | Clip | Path, *, system: str = "", name: str = "") -> NewClip:
    """Return a clip of a study.

    Args:
        made: a take or a conversion, which tell what was asked of them; or any sound.
        system: what made it; that of a take or conversion is known.
        name: what sentences call it, and the name of its utterance if nothing else is known.
    """
    if isinstance(made, Take):
        request = made.request
        return NewClip(
            _bytes(made.clip, SYNTHETIC),
            name=name,
            system=system or called(request.engine),
            text=request.text,
            speaker=RECORDED if request.reference is not None else request.voice,
            language=request.lang,
            intensity=request.intensity,
            provenance=made.passport,
            guess=made.read_back.heard.probs,
            **_asked(request),
        )
    if isinstance(made, Converted):
        request = made.request
        return NewClip(
            _bytes(made.clip, SYNTHETIC),
            name=name or _source(made.passport),
            system=system or called(request.engine),
            intensity=request.intensity,
            provenance=made.passport,
            guess=made.read_back.heard.probs,
            **_asked(request),
        )
    if isinstance(made, Clip):
        return NewClip(_bytes(made, ""), name=name, system=system)
    return NewClip(Path(made), name=name or Path(made).name, system=system)


def collect(db: Database, sounds: Sounds, clip: NewClip, *, actor: str = "") -> str:
    """Set a take aside for a study to come, and return its id; "" if it waits there already."""
    sound = clip.sound if isinstance(clip.sound, bytes) else clip.sound.read_bytes()
    sha256 = sounds.add(sound)
    with db.write() as session:
        waiting = authored.collected(session)
        if any((one.sha256, one.system) == (sha256, clip.system) for one in waiting):
            return ""
        row = Collected(
            sha256=sha256,
            system=clip.system,
            text=clip.text,
            speaker=clip.speaker,
            emotion=clip.emotion,
            intensity=clip.intensity,
            mix=clip.mix,
            passport=clip.provenance,
        )
        authored.audit(session, actor, "collect", subject=authored.collect(session, row).id)
        return row.id


def tray(db: Database) -> list[Collected]:
    """Return what was set aside, the oldest first."""
    with db.read() as session:
        return authored.collected(session)


def empty_tray(db: Database, ids: Sequence[str]) -> None:
    """Take clips off the tray; studies that got them keep them."""
    with db.write() as session:
        for one in ids:
            authored.uncollect(session, one)


def clips_of_tray(sounds: Sounds, rows: Sequence[Collected]) -> list[NewClip]:
    """Return what was set aside as clips of a study.

    Raises:
        ValueError: a sound is gone.
    """
    return [
        NewClip(
            sounds.path(row.sha256),
            name=row.text or _source(row.passport or {}),
            system=row.system,
            text=row.text,
            speaker=row.speaker,
            language=str((row.passport or {}).get("request", {}).get("lang", "")),
            emotion=row.emotion,
            intensity=row.intensity,
            mix=row.mix,
            guess=(row.passport or {}).get("read_back", {}).get("probs"),
            provenance=row.passport,
        )
        for row in rows
    ]


def emotion_asked(shares: dict[str, float]) -> dict[str, Any]:
    """Say which emotion was asked by its shares; a mixture is no emotion of its own."""
    return {"mix": shares, "emotion": next(iter(shares)) if len(shares) == 1 else ""}


def _asked(request: Request | Conversion) -> dict[str, Any]:
    mapped = isinstance(request, Request) and request.emotion_path
    if request.emotion is None or request.emotion_reference is not None or mapped:
        return {}
    return emotion_asked(dict(request.emotion.shares))


def _source(passport: dict[str, Any]) -> str:
    """Name a conversion for its recording: all of one recording are one utterance."""
    return f"recording {passport.get('source', {}).get('sha256', '')[:8]}".strip()


def _bytes(clip: Clip, comment: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return clip.save(Path(folder) / "clip.wav", comment=comment).read_bytes()
