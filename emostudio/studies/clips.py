"""A clip on its way into a study, and where in the grid it belongs if nobody says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from emostudio.listening.kinds import kind_of
from emostudio.storage.tables import ROLES
from emostudio.values import MAX_TEXT

MAX_NAME = 200
MAX_WORDS = 100  # of a text that names an utterance
LONGEST = {  # characters, as the tables hold
    "system": MAX_NAME,
    "utterance": MAX_NAME,
    "speaker": MAX_NAME,
    "language": 16,
    "emotion": 32,
    "text": MAX_TEXT,
}
BETWEEN = " · "
EXTRA = ("gold", "trap", "practice")  # need no place in the grid


@dataclass(frozen=True)
class NewClip:
    """A clip to add.

    `sound` is the bytes or the path of a file, `name` what sentences call it. `emotion`,
    `intensity` (in [0, 1]) and `mix` (share by emotion) are what was asked of it. `gold` are the
    fields of the right answer, as in `kinds.Answer`; of a pair it is `value`, how much better or
    stronger this clip is than the other of its role and utterance. `guess` is the recognizer's
    share by emotion, `provenance` how the clip was made.
    """

    sound: bytes | Path
    name: str = ""
    system: str = ""
    utterance: str = ""
    text: str = ""
    speaker: str = ""
    language: str = ""
    role: str = "test"
    emotion: str = ""
    intensity: float | None = None
    mix: dict[str, float] | None = None
    gold: dict[str, Any] | None = None
    guess: dict[str, float] | None = None
    provenance: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        """Refuse what no study could take, in words."""
        if self.role not in ROLES:
            raise ValueError(f"There is no role '{self.role}'; choose from {', '.join(ROLES)}.")
        if self.intensity is not None and not 0 <= self.intensity <= 1:
            raise ValueError(f"The intensity is {self.intensity}; give a number from 0 to 1.")
        for field, longest in LONGEST.items():
            told = getattr(self, field)
            if len(told) > longest:
                raise ValueError(f"Its {field} is longer than {longest} characters. Shorten it.")
            if "\0" in told or told != told.encode(errors="ignore").decode():
                raise ValueError(f"Its {field} has characters that can't be shown. Type it again.")

    @property
    def called(self) -> str:
        """Its name for people."""
        if self.name:
            return self.name
        if isinstance(self.sound, Path):
            return self.sound.name
        return " ".join(part for part in (self.system, self.utterance or self.text) if part)

    def placed(self, kind: str) -> NewClip:
        """Return it with an utterance, where none is given and the kind of study needs one.

        An utterance is what is said, by whom and in which emotion: systems are compared within it.
        Where intensities are compared, each makes a system.
        """
        if self.utterance or (self.role in EXTRA and not kind_of(kind).is_pair):
            return self
        if self.role == "reference":  # for all utterances
            return self
        words = " ".join(self.text.split()) or Path(self.called).stem
        words = words if len(words) <= MAX_WORDS else f"{words[: MAX_WORDS - 1]}…"
        made = replace(self, utterance=_joined(words, self.speaker, self._asked))
        return made.told_apart(kind) if kind == "intensity_pair" else made

    def told_apart(self, kind: str) -> NewClip:
        """Return it in the cell of its emotion and intensity.

        They belong to the utterance; but where intensities are compared, each makes a system.
        """
        level = "" if self.intensity is None else f"{self.intensity:g}"
        named = self.utterance.endswith(f"{BETWEEN}{self._asked}")
        utterance = _joined(self.utterance, "" if named else self._asked)
        if kind != "intensity_pair":
            return replace(self, utterance=_joined(utterance, level))
        system = " ".join(part for part in (self.system, level) if part)
        return replace(self, utterance=utterance, system=system[:MAX_NAME])

    @property
    def _asked(self) -> str:
        return self.emotion or ",".join(f"{n}={s:.2g}" for n, s in (self.mix or {}).items())


def in_cells(clips: Sequence[NewClip], kind: str) -> list[NewClip]:
    """Return clips each in a cell of the grid.

    Where a system says an utterance in several emotions or intensities, each is a cell.
    """
    placed = [clip.placed(kind) for clip in clips]
    asked: dict[tuple[str, str, str], set[tuple[str, float | None, str]]] = {}
    for clip in placed:
        cell = (clip.system, clip.utterance, clip.role)
        asked.setdefault(cell, set()).add((clip.emotion, clip.intensity, str(clip.mix)))
    crowded = {utterance for (_, utterance, _), ways in asked.items() if len(ways) > 1} - {""}
    return [clip.told_apart(kind) if clip.utterance in crowded else clip for clip in placed]


def _joined(*parts: str) -> str:
    return BETWEEN.join(part for part in parts if part)[:MAX_NAME]
