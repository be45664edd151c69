"""What an administrator asks for when a model is tuned, and what a worker is given to do it.

A worker reads one file, `job.json`, and writes files alone: it knows no database.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

# What can be tuned: the name of its net, and a line on what comes of it.
BASES = {
    "ser": "The recognizer: other names of emotions, or recordings unlike those it knows.",
    "emomix": "A new voice for EmoMix, from 1 to 60 minutes of its speech.",
    "diemo": "A new voice for DiEmo, from 1 to 60 minutes of its speech.",
    "vocoder": "The vocoder, which makes sound of what all systems draw.",
    "zest": "ZEST, which gives a recording another emotion.",
}
TITLES = {  # what they are called where people choose
    "ser": "Recognizer",
    "emomix": "EmoMix voice",
    "diemo": "DiEmo voice",
    "vocoder": "Vocoder",
    "zest": "ZEST",
}
OFFERED = "offered.json"  # in `Settings.tuned`: what is promoted, as `lineup` reads it
VOICES = ("emomix", "diemo")  # bases of which a new voice is made
PRESETS = ("quick", "balanced", "full")
# Steps by base and preset.
STEPS: dict[str, tuple[int, int, int]] = {
    "ser": (100, 400, 1_500),
    "emomix": (100, 400, 2_000),
    "diemo": (100, 400, 2_000),
    "vocoder": (100, 400, 2_000),
    "zest": (100, 400, 2_000),
}
METHODS = {
    "adapter": "A few weights are trained, those that tell the net who speaks (of the recognizer "
    "the last layers): safe with little speech.",
    "full": "All weights are trained: for ten minutes of speech and more.",
}
MOST_LETTERS = 40
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
MAX_STEPS = 1_000_000
MAX_SEED = 2**31 - 1
MAX_REHEARSAL = 0.9


@dataclass(frozen=True)
class Tuning:
    """What to tune, on what, how long.

    `base` is one of `BASES`, `corpus` the id of a corpus that was checked, `name` what the result
    is called wherever a model is chosen. `start` is the id of a tuned model to go on from, or empty
    for the one in use. `max_steps` of 0 is what the preset says; `batch_size` and `learning_rate`
    (a share of the recipe's own rate for fine-tuning) likewise. `rehearsal` is the share of what is
    drawn that is no part of the corpus, so that the net forgets nothing: clips of the pack
    `rehearse_with`, or where that is empty takes of our own models. Every `sample_every` steps a
    take can be heard; 0 is five times in a run.
    """

    base: str
    corpus: str
    name: str
    start: str = ""
    preset: Literal["quick", "balanced", "full"] = "balanced"
    max_steps: int = 0
    method: Literal["adapter", "full"] = "adapter"
    rehearsal: float = 0.5
    rehearse_with: str = ""
    batch_size: int = 0
    learning_rate: float = 1.0
    sample_every: int = 0
    seed: int = 0
    backend: str = "local"

    def __post_init__(self) -> None:
        """Refuse what can't be run, in words."""
        wrong = ""
        if self.base not in BASES:
            wrong = f"There is nothing to tune called '{self.base}'; choose {', '.join(BASES)}."
        elif not NAME.fullmatch(self.name):
            wrong = "Name the result by 1 to 40 small letters, digits and hyphens, such as anna-2."
        elif self.name in ("base", "candidate"):
            wrong = f"'{self.name}' is what a comparison calls one of its sides; choose another."
        elif self.preset not in PRESETS:
            wrong = f"There is no preset '{self.preset}'; choose {', '.join(PRESETS)}."
        elif self.method not in METHODS:
            wrong = f"There is no method '{self.method}'; choose {', '.join(METHODS)}."
        elif not 0 <= self.max_steps <= MAX_STEPS:
            wrong = f"Steps must be 0 (as the preset says) to {MAX_STEPS}, not {self.max_steps}."
        elif not 0 <= self.rehearsal <= MAX_REHEARSAL:
            wrong = f"The rehearsed share must be 0 to {MAX_REHEARSAL}, not {self.rehearsal:g}."
        elif not 0 <= self.batch_size <= 1024:
            wrong = f"The batch must be 0 (as the recipe says) to 1024, not {self.batch_size}."
        elif not 0 < self.learning_rate <= 10:
            wrong = f"The learning rate is a factor above 0 and up to 10, not {self.learning_rate}."
        elif self.sample_every < 0:
            wrong = f"Takes come every 0 or more steps, not {self.sample_every}."
        elif not 0 <= self.seed <= MAX_SEED:
            wrong = f"The seed must be 0 to {MAX_SEED}, not {self.seed}."
        if wrong:
            raise ValueError(wrong)

    @property
    def steps(self) -> int:
        """How many steps the run has."""
        return self.max_steps or STEPS[self.base][PRESETS.index(self.preset)]

    @property
    def sampling(self) -> int:
        """After how many steps the next take is spoken."""
        return self.sample_every or max(1, self.steps // 5)

    def to_json(self) -> dict[str, Any]:
        """Return the fields, for a column or a file."""
        return asdict(self)


@dataclass(frozen=True)
class Errand:
    """What a worker does: a tuning, and where all it needs lies.

    `corpus` is a folder with metadata.csv, `base` the checkpoint to start from, `pack` where the
    features lie or are to be put. A `probe` makes the features, trains for `PROBE_STEPS` steps,
    writes how long each took, and leaves nothing else.
    """

    tuning: Tuning
    corpus: Path
    base: Path
    pack: Path
    probe: bool = False

    def write(self, file: Path) -> None:
        """Write it."""
        paths = {name: str(getattr(self, name)) for name in ("corpus", "base", "pack")}
        told = {"tuning": self.tuning.to_json(), **paths, "probe": self.probe}
        file.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> Errand:
        """Read it.

        Raises:
            ValueError: it is missing or damaged.
        """
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            paths = {name: Path(told[name]) for name in ("corpus", "base", "pack")}
            return cls(Tuning(**told["tuning"]), probe=told["probe"], **paths)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{file} does not tell a job: {error}") from error


PROBE_STEPS = 20


def free_name(name: str, taken: Collection[str]) -> str:
    """Return a name, cut to what fits, with a number behind it where it is taken.

    >>> free_name("anna", {"anna", "anna-2"})
    'anna-3'
    """
    free, number = name[:MOST_LETTERS].rstrip("-"), 2
    while free in taken:
        ending = f"-{number}"
        free = name[: MOST_LETTERS - len(ending)].rstrip("-") + ending
        number += 1
    return free
