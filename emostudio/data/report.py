"""What a check of a corpus found, as a value that goes into the database and onto a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any


@dataclass(frozen=True)
class Leaks:
    """What is on both sides of train and dev, and how many dev clips that concerns.

    A speaker on both sides flatters a recognizer, a sentence a voice.
    """

    speakers: tuple[str, ...] = ()
    clips_of_speakers: int = 0
    sentences: tuple[str, ...] = ()
    clips_of_sentences: int = 0


@dataclass(frozen=True)
class Report:
    """What was found.

    `split_by` is what train and dev are apart by: table, speaker, sentence or clip. `speakers` are
    hours by name, `emotions` clips by emotion and speaker, `rates` clips by sample rate in Hz.
    `with_text` counts clips whose words can be spoken; `phonemes` is the share of the common
    phonemes of a language that they have, `unseen` the others. `silence` is a share of the time.
    `clipped`, `quiet` and `long` name files; `unspoken` and `refused` tell why, by file.
    `duplicates` name the file that has the same sound. `fits` has what can be tuned, by name, and
    why not, or nothing where it can.
    """

    clips: int
    hours: float
    splits: dict[str, int]
    split_by: str
    speakers: dict[str, float]
    emotions: dict[str, dict[str, int]]
    langs: dict[str, int]
    rates: dict[str, int]
    with_text: int
    phonemes: dict[str, float]
    unseen: dict[str, tuple[str, ...]]
    silence: float
    clipped: tuple[str, ...]
    quiet: tuple[str, ...]
    long: tuple[str, ...]
    unspoken: dict[str, str]
    duplicates: dict[str, str]
    leaks: Leaks
    refused: dict[str, str]
    warnings: tuple[str, ...]
    fits: dict[str, str]

    @property
    def useful(self) -> bool:
        """Whether anything can be tuned on it."""
        return not all(self.fits.values())

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object, with `seconds` beside the hours."""
        return asdict(self) | {"seconds": self.hours * 3600}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Report:
        """Return what `to_json` gave.

        Raises:
            ValueError: it is no report of a corpus.
        """
        try:
            lists = {name: tuple(told[name]) for name in ("clipped", "quiet", "long", "warnings")}
            unseen = {lang: tuple(names) for lang, names in told["unseen"].items()}
            leaks = Leaks(**told["leaks"])
            leaks = replace(leaks, speakers=tuple(leaks.speakers), sentences=tuple(leaks.sentences))
            plain: dict[str, Any] = {one.name: told[one.name] for one in fields(cls)}
            plain |= {**lists, "unseen": unseen, "leaks": leaks}
            return cls(**plain)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"This is no report of a corpus: {error}.") from error
