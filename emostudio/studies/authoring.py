"""What an author does with a study: make it, give it clips, change, close and copy it."""

from __future__ import annotations

import re
import secrets
import tempfile
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from emostudio.listening.protocol import Protocol
from emostudio.storage import authored
from emostudio.storage.database import Database
from emostudio.storage.ids import ALPHABET
from emostudio.storage.sounds import Sounds
from emostudio.storage.tables import Stimulus, Study, Utterance
from emostudio.studies.clips import NewClip, in_cells
from emostudio.studies.finding import draft, found
from emostudio.studies.sound import measure

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

MAX_SLUG = 40  # characters, as the tables hold
MAX_CLIPS = 5_000


@dataclass(frozen=True)
class Added:
    """What became of clips: ids of those added, and why each of the others was not, by name."""

    ids: tuple[str, ...]
    refused: dict[str, str]


def create(db: Database, protocol: Protocol, *, slug: str = "", actor: str = "") -> str:
    """Make a draft and return its slug, by which all else knows it.

    Args:
        db: where studies lie.
        protocol: what it asks.
        slug: the last part of its link; one is made of the title if it is empty.
        actor: who did it, for the audit.

    Raises:
        ValueError: the slug can't be part of a link.
    """
    if slug and slug != slug_of(slug):
        raise ValueError(
            f"'{slug}' can't be part of a link. Use lower-case letters, digits and hyphens, "
            f"{MAX_SLUG} characters at most."
        )
    with db.write() as session:
        return _add(session, protocol, slug or slug_of(protocol.title), actor).slug


def change(db: Database, slug: str, protocol: Protocol, *, actor: str = "") -> str:
    """Change what a study asks, and return its slug: that of a new draft if it is frozen.

    Raises:
        ValueError: there is no such study.
    """
    with db.write() as session:
        study = found(session, slug)
        if study.state == "draft":
            authored.put_protocol(session, study, protocol.to_json(), protocol.hash)
            return slug
        return _copy(session, study, protocol, actor)


def copy_as_draft(db: Database, slug: str, *, actor: str = "") -> str:
    """Copy a study with its clips as a draft, and return the slug of that.

    Raises:
        ValueError: there is no such study.
    """
    with db.write() as session:
        study = found(session, slug)
        return _copy(session, study, Protocol.from_json(study.protocol), actor)


def add_clips(db: Database, sounds: Sounds, slug: str, clips: Sequence[NewClip]) -> Added:
    """Add clips to a draft; one that can't be taken keeps none of the others out.

    A cell of the grid, that is a system, an utterance and a role, holds one clip.

    Raises:
        ValueError: there is no such draft.
    """
    with db.read() as session:
        study = draft(session, slug)
        kind = study.kind
    refused: dict[str, str] = {}
    rows: list[tuple[NewClip, Stimulus]] = []
    for clip in in_cells(clips, kind):
        try:
            rows.append((clip, _measured(sounds, clip)))
        except (ValueError, OSError) as error:
            _refuse(refused, clip, str(error))
    added = []
    with db.write() as session:
        study = draft(session, slug)
        there = authored.stimuli_of(session, study.id)
        taken = {(row.system_id, row.utterance_id, row.role) for row in there}
        for clip, row in rows:
            if len(there) + len(added) >= MAX_CLIPS:
                _refuse(refused, clip, f"A study holds {MAX_CLIPS} clips. Make another for these.")
                continue
            row.system_id, row.utterance_id = _place(session, study, clip)
            cell = (row.system_id, row.utterance_id, row.role)
            if None not in cell and cell in taken:
                why = f"There is a {row.role} clip of {clip.system} for '{clip.utterance}' already."
                how = "Take that out first, or give this one another system or utterance."
                _refuse(refused, clip, f"{why} {how}")
                continue
            authored.add_stimulus(session, study, row)
            taken.add(cell)
            added.append(row.id)
    return Added(tuple(added), refused)


def drop_clips(db: Database, slug: str, ids: Sequence[str]) -> None:
    """Take clips out of a draft; ids that it does not have are passed over.

    Raises:
        ValueError: there is no such draft.
    """
    with db.write() as session:
        study = draft(session, slug)
        for row in authored.stimuli_of(session, study.id):
            if row.id in ids:
                authored.drop_stimulus(session, study, row)


def close(db: Database, slug: str, *, actor: str = "") -> None:
    """End a study: nobody can start it any more, and who has started may still finish.

    Raises:
        ValueError: there is no such study, or it is closed already.
    """
    with db.write() as session:
        authored.set_state(session, found(session, slug), "closed")
        authored.audit(session, actor, "close", subject=slug)


def put_on_list(db: Database, slug: str, *, listed: bool, actor: str = "") -> None:
    """Show a study on the public page of open studies, or no longer.

    Raises:
        ValueError: there is no such study.
    """
    with db.write() as session:
        found(session, slug).listed = listed
        authored.audit(session, actor, "list" if listed else "unlist", subject=slug)


def slug_of(title: str) -> str:
    """Return what of a title can be part of a link."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_SLUG].strip("-") or "study"


def _add(session: Session, protocol: Protocol, slug: str, actor: str) -> Study:
    study = authored.add_study(
        session,
        Study(
            slug=_free(session, slug),
            kind=protocol.kind,
            protocol=protocol.to_json(),
            protocol_hash=protocol.hash,
            completion_code="".join(secrets.choice(ALPHABET) for _ in range(8)),
        ),
    )
    authored.audit(session, actor, "create", subject=study.slug)
    return study


def _free(session: Session, slug: str) -> str:
    """Return the slug, numbered where it is taken."""
    base, number, free = slug, 1, slug
    whole = re.sub(r"-\d{1,4}$", "", slug)
    if authored.study_by_slug(session, whole) is not None:
        base = whole  # a version of that one: pilot-3 follows pilot-2
    while authored.study_by_slug(session, free) is not None:
        number += 1
        free = f"{base[: MAX_SLUG - 5]}-{number}"
    return free


def _copy(session: Session, study: Study, protocol: Protocol, actor: str) -> str:
    copy = _add(session, protocol, study.slug, actor)
    systems: dict[str | None, str] = {
        row.id: authored.add_system(session, copy.id, row.name).id
        for row in authored.systems_of(session, study.id)
    }
    utterances: dict[str | None, str] = {
        row.id: authored.add_utterance(
            session,
            Utterance(
                study_id=copy.id,
                name=row.name,
                text=row.text,
                speaker=row.speaker,
                language=row.language,
            ),
        ).id
        for row in authored.utterances_of(session, study.id)
    }
    kept = [column.key for column in Stimulus.__table__.columns if column.key not in _OWN]
    for row in authored.stimuli_of(session, study.id):
        values = {name: getattr(row, name) for name in kept}
        values["system_id"] = systems.get(row.system_id)
        values["utterance_id"] = utterances.get(row.utterance_id)
        values["served_sha256"] = row.sha256
        authored.add_stimulus(session, copy, Stimulus(token=_token(), **values))
    return copy.slug


_OWN = ("id", "created_at", "study_id", "token", "gain_db")  # of a clip, not copied with it


def _refuse(refused: dict[str, str], clip: NewClip, why: str) -> None:
    name, number = clip.called, 1
    while name in refused:
        number += 1
        name = f"{clip.called} ({number})"
    refused[name] = why


def _token() -> str:
    return secrets.token_urlsafe(16)


def _measured(sounds: Sounds, clip: NewClip) -> Stimulus:
    if isinstance(clip.sound, bytes):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / (Path(clip.called).name[:60] or "clip")
            file.write_bytes(clip.sound)
            return _measured(sounds, replace(clip, sound=file))
    sound = measure(clip.sound)  # before it is kept: what is no clip is not
    sha256 = sounds.add(clip.sound.read_bytes())
    return Stimulus(
        role=clip.role,
        token=_token(),
        sha256=sha256,
        served_sha256=sha256,
        duration_s=sound.duration_s,
        sample_rate=sound.sample_rate,
        loudness_db=sound.loudness_db,
        clipped=sound.clipped,
        emotion=clip.emotion,
        intensity=clip.intensity,
        mix=clip.mix,
        gold=clip.gold,
        guess=clip.guess,
        provenance=clip.provenance,
    )


def _place(session: Session, study: Study, clip: NewClip) -> tuple[str | None, str | None]:
    system = authored.add_system(session, study.id, clip.system).id if clip.system else None
    if not clip.utterance:
        return system, None
    utterance = authored.add_utterance(
        session,
        Utterance(
            study_id=study.id,
            name=clip.utterance,
            text=clip.text,
            speaker=clip.speaker,
            language=clip.language,
        ),
    )
    return system, utterance.id
