"""The grid of a study, systems by utterances: its clips, holes and doubles, and what stands out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from emostudio.listening.design import Cell
from emostudio.storage import authored
from emostudio.storage.database import Database
from emostudio.studies.finding import found


@dataclass(frozen=True)
class GridClip:
    """One clip of a study with the names of its place; numbers as in `storage.tables.Stimulus`."""

    id: str
    system: str
    utterance: str
    text: str
    speaker: str
    language: str
    role: str
    sha256: str
    duration_s: float
    sample_rate: int
    loudness_db: float | None
    clipped: float
    gain_db: float
    emotion: str
    intensity: float | None
    mix: Mapping[str, float] | None
    gold: Mapping[str, Any] | None
    guess: Mapping[str, float] | None
    provenance: Mapping[str, Any] | None

    @property
    def called(self) -> str:
        """Its name for people."""
        place = " / ".join(part for part in (self.system, self.utterance) if part)
        return place if self.role == "test" else f"{self.role} {place or self.id[-6:]}"

    @property
    def maker(self) -> str:
        """Its system without the intensity that `NewClip.placed` adds where those are compared."""
        return (
            self.system
            if self.intensity is None
            else self.system.removesuffix(f" {self.intensity:g}")
        )


@dataclass(frozen=True)
class Grid:
    """All clips of a study, in the order that they came."""

    clips: tuple[GridClip, ...]

    @property
    def tested(self) -> tuple[GridClip, ...]:
        """The clips under test."""
        return tuple(clip for clip in self.clips if clip.role == "test")

    @property
    def systems(self) -> tuple[str, ...]:
        """The systems under test."""
        return tuple(dict.fromkeys(clip.system for clip in self.tested if clip.system))

    @property
    def utterances(self) -> tuple[str, ...]:
        """The utterances under test."""
        return tuple(dict.fromkeys(clip.utterance for clip in self.tested if clip.utterance))

    @property
    def at(self) -> dict[tuple[str, str], GridClip]:
        """The clips under test by system and utterance."""
        return {(clip.system, clip.utterance): clip for clip in self.tested}

    @property
    def holes(self) -> tuple[tuple[str, str], ...]:
        """Systems and utterances that lack a clip."""
        at = self.at
        cells = [(system, utterance) for utterance in self.utterances for system in self.systems]
        return tuple(cell for cell in cells if cell not in at)

    @property
    def duplicates(self) -> tuple[tuple[GridClip, ...], ...]:
        """Clips under test that are one and the same file."""
        by_file: dict[str, list[GridClip]] = {}
        for clip in self.tested:
            by_file.setdefault(clip.sha256, []).append(clip)
        return tuple(tuple(clips) for clips in by_file.values() if len(clips) > 1)

    @property
    def sample_rates(self) -> Counter[int]:
        """How many clips there are of each sample rate in Hz."""
        return Counter(clip.sample_rate for clip in self.tested)

    @property
    def cells(self) -> list[Cell]:
        """The clips under test, for `listening.design.row`."""
        return [_cell(clip) for clip in self.tested]

    @property
    def extra(self) -> list[Cell]:
        """References, gold, trap and practice clips, for `listening.design.row`."""
        return [_cell(clip) for clip in self.clips if clip.role != "test"]


def grid(db: Database, slug: str) -> Grid:
    """Return the grid of a study.

    Raises:
        ValueError: there is no such study.
    """
    with db.read() as session:
        study = found(session, slug)
        return grid_of(
            authored.stimuli_of(session, study.id),
            authored.systems_of(session, study.id),
            authored.utterances_of(session, study.id),
        )


def grid_of(stimuli: Iterable[Any], systems: Iterable[Any], utterances: Iterable[Any]) -> Grid:
    """Join the rows of a study's tables."""
    system_of = {row.id: row for row in systems}
    utterance_of = {row.id: row for row in utterances}
    clips = []
    for row in stimuli:
        system, utterance = system_of.get(row.system_id), utterance_of.get(row.utterance_id)
        clips.append(
            GridClip(
                id=row.id,
                system=system.name if system else "",
                utterance=utterance.name if utterance else "",
                text=utterance.text if utterance else "",
                speaker=utterance.speaker if utterance else "",
                language=utterance.language if utterance else "",
                **{name: getattr(row, name) for name in _PLAIN},
            )
        )
    return Grid(tuple(clips))


_PLAIN = (  # as in the table
    "role sha256 duration_s sample_rate loudness_db clipped gain_db emotion intensity mix gold "
    "guess provenance"
).split()


def _cell(clip: GridClip) -> Cell:
    return Cell(clip.id, clip.system, clip.utterance, clip.role, gold=clip.gold is not None)
