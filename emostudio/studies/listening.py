"""Listening tests from a notebook: `studio.listening.create(...)`, then a link for listeners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emostudio.conversion import Converted
from emostudio.listening.kinds import kind_of
from emostudio.listening.protocol import Protocol
from emostudio.settings import Settings
from emostudio.storage import authored
from emostudio.storage.database import Database
from emostudio.storage.sounds import Sounds
from emostudio.studies import authoring
from emostudio.studies.checks import problems, warnings
from emostudio.studies.clips import NewClip
from emostudio.studies.collecting import clip_of
from emostudio.studies.dry_run import DryRun, dry_run
from emostudio.studies.finding import found, protocol_of
from emostudio.studies.freezing import freeze
from emostudio.studies.gathering import excluded_of, judgments_of
from emostudio.studies.grid import Grid, grid
from emostudio.studies.planning import Plan, plan
from emostudio.studies.protocol_file import protocol_file
from emostudio.values import Clip, Take

if TYPE_CHECKING:
    from emostudio.listening.results import Results

Given = Take | Converted | Clip | Path | str | NewClip


class Listening:
    """The studies of this machine; threads may share it."""

    def __init__(self, db: Database, sounds: Sounds, *, address: str = "") -> None:
        """Use a database and a folder of sounds; `address` is where the app is reached."""
        self.db = db
        self.sounds = sounds
        self.address = address.rstrip("/")

    @classmethod
    def open(cls, settings: Settings) -> Listening:
        """Open the database that the settings tell of.

        Raises:
            ValueError: it can't be opened there; the sentence says what to do.
        """
        db = Database.open(settings.database_url, settings.data_dir)
        host = "127.0.0.1" if settings.host in ("0.0.0.0", "::", "") else settings.host
        return cls(db, db.sounds(), address=f"http://{host}:{settings.port}")

    def create(
        self,
        name: str,
        *,
        design: str = "mos",
        clips: Sequence[Given] | Mapping[str, Sequence[Given]] = (),
        everyone_hears_all: bool = False,
        **settings: Any,
    ) -> StudyHandle:
        """Make a draft.

        Args:
            name: its title.
            design: the kind of study: mos, smos, cmos, ab, emotion_id, and so on.
            clips: takes, conversions, clips or files; by system, where they are in a mapping.
                Clips of the same text, or of the same place or file name, are one utterance.
            everyone_hears_all: each listener hears each clip, not each utterance once.
            **settings: further fields of `Protocol`.

        Raises:
            ValueError: the protocol can't be, or a clip can't be taken; the sentence says why.
        """
        kind_of(design)
        rows = "full" if everyone_hears_all else "square"
        protocol = Protocol(design, name, design=rows, **settings)
        given = _new_clips(clips, pairs=protocol.about.is_pair)
        study = StudyHandle(self, authoring.create(self.db, protocol))
        study.add(given)
        return study

    def study(self, slug: str) -> StudyHandle:
        """Return a study by its slug.

        Raises:
            ValueError: there is none.
        """
        with self.db.read() as session:
            return StudyHandle(self, found(session, slug).slug)

    def studies(self) -> list[StudyHandle]:
        """Return all studies, the newest first."""
        with self.db.read() as session:
            return [StudyHandle(self, study.slug) for study in authored.all_studies(session)]

    def close(self) -> None:
        """Let go of the database."""
        self.db.close()


@dataclass(frozen=True)
class StudyHandle:
    """One study, by its slug."""

    listening: Listening
    slug: str

    def __repr__(self) -> str:
        """Say what it is and where it stands."""
        protocol = self.protocol
        return f"<{protocol.kind} study '{self.slug}', {self.state}: {protocol.title}>"

    @property
    def state(self) -> str:
        """Draft, live or closed."""
        with self.listening.db.read() as session:
            return found(session, self.slug).state

    @property
    def protocol(self) -> Protocol:
        """What it asks."""
        return protocol_of(self.listening.db, self.slug)

    @property
    def link(self) -> str:
        """Where listeners take part, once it is frozen and the app is running."""
        return f"{self.listening.address}/t/{self.slug}"

    @property
    def grid(self) -> Grid:
        """Its clips, and the holes between them."""
        return grid(self.listening.db, self.slug)

    def add(self, clips: Sequence[NewClip]) -> None:
        """Add clips to the draft.

        Raises:
            ValueError: it is frozen, or a clip can't be taken; those before it were.
        """
        added = authoring.add_clips(self.listening.db, self.listening.sounds, self.slug, clips)
        if added.refused:
            raise ValueError(" ".join(f"{name}: {why}" for name, why in added.refused.items()))

    def problems(self) -> list[str]:
        """Say what must be mended before it can be frozen."""
        return problems(self.listening.db, self.slug)

    def warnings(self) -> list[str]:
        """Say what should be known of it."""
        return warnings(self.listening.db, self.slug)

    def plan(self) -> Plan:
        """Say what it asks of its listeners, and how wide its intervals should be."""
        return plan(self.listening.db, self.slug)

    def dry_run(self) -> DryRun:
        """Try it with simulated listeners; nothing is written.

        Raises:
            ValueError: it has no clips yet.
        """
        return dry_run(self.listening.db, self.slug)

    def freeze(self) -> str:
        """Open it to listeners and return the link.

        Raises:
            ValueError: something must be mended first; the sentences say what.
        """
        freeze(self.listening.db, self.listening.sounds, self.slug, actor="notebook")
        return self.link

    def close(self) -> None:
        """End it.

        Raises:
            ValueError: it is closed already.
        """
        authoring.close(self.listening.db, self.slug, actor="notebook")

    def results(self) -> Results:
        """Compute the results of the answers so far, without the listeners left out."""
        from emostudio.listening.results import results_of

        db = self.listening.db
        return results_of(
            self.protocol, judgments_of(db, self.slug), set(excluded_of(db, self.slug))
        )

    def save(self, path: str | Path) -> Path:
        """Write the protocol and the list of clips as JSON, to make the study anew."""
        path = Path(path)
        path.write_text(protocol_file(self.listening.db, self.slug), encoding="utf-8")
        return path


def _new_clips(
    clips: Sequence[Given] | Mapping[str, Sequence[Given]], *, pairs: bool
) -> list[NewClip]:
    if isinstance(clips, Mapping):
        return [
            _new_clip(clip, number, system)
            for system, of_system in clips.items()
            for number, clip in enumerate(of_system, 1)
        ]
    # Sounds of unknown origin: of one system, or each its own where systems are compared.
    return [
        _new_clip(clip, *((1, f"clip {number}") if pairs else (number, "clips")), unknown=True)
        for number, clip in enumerate(clips, 1)
    ]


def _new_clip(given: Given, number: int, system: str, *, unknown: bool = False) -> NewClip:
    if isinstance(given, NewClip):
        return replace(given, system=given.system or system)
    told = isinstance(given, Take | Converted)
    made = Path(given) if isinstance(given, str) else given
    name = "" if isinstance(made, Path) else f"clip {number}"
    return clip_of(made, system="" if told and unknown else system, name="" if told else name)
