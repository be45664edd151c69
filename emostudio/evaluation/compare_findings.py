"""What a comparison is made on, and what it collects on its way to a `Gate`."""

import json
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from emostudio.data.corpora import Utterance
from emostudio.evaluation.environment import Sound, Verdict, judge
from emostudio.evaluation.gate import Number, Pair
from emostudio.evaluation.outside_judges import JUDGES
from emostudio.evaluation.paired import difference
from emostudio.models.checkpoint import Store
from emostudio.values import Clip

NEIGHBORS = 10  # of a clip, on the map
FEW = 5  # clips or sentences; a verdict on fewer says little
NOT_ENGLISH = "Words are counted in English alone; elsewhere the phonemes stand for them."
INSTALLING = "run 'python -m emostudio evaluate' once on this machine to install it"


@dataclass(frozen=True)
class Both:
    """Base and candidate of a net, the clips to compare them on, and where takes go.

    `judges` is the environment of the outside judges; `say` takes the share done and a word.
    """

    net: str
    base: Store
    candidate: Store
    clips: tuple[Utterance, ...]
    out: Path
    judges: Path
    seed: int
    say: Callable[[float, str], None]

    @property
    def stores(self) -> dict[str, Store]:
        """Both by the names that reports use."""
        return {"base": self.base, "candidate": self.candidate}

    def split(self, name: str) -> list[Utterance]:
        """The clips of a split."""
        return [clip for clip in self.clips if clip.split == name]


@dataclass(frozen=True)
class Measure:
    """What a number is called and means, as in `Number`."""

    name: str
    what: str
    unit: str = "share"
    better: str = "higher"
    guarded: bool = True


@dataclass
class Findings:
    """Everything that a report will hold."""

    numbers: list[Number] = field(default_factory=list)
    confusions: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    pairs: list[Pair] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(
        self,
        measure: Measure,
        base: Sequence[float],
        candidate: Sequence[float],
        *,
        sizes: Sequence[float] | None = None,
        groups: Sequence[Hashable] | None = None,
        hits: bool = False,
    ) -> None:
        """Add a number, as `paired.difference` finds it; with too few items, a note instead.

        Raises:
            ValueError: a value is no number.
        """
        name = measure.name[:1].upper() + measure.name[1:]
        if not (np.isfinite(base).all() and np.isfinite(candidate).all()):
            raise ValueError(
                f"{name} is no number: what was trained fell apart. Train it again at a lower "
                "learning rate."
            )
        try:
            found = difference(base, candidate, sizes=sizes, groups=groups, hits=hits)
        except ValueError:
            self.notes.append(f"{name} was left out: it takes at least two clips or sentences.")
            return
        most = 1.0 if measure.unit == "share" else np.inf  # no share can move farther
        self.numbers.append(
            Number(
                base=found.base,
                candidate=found.candidate,
                interval=(max(-most, found.low), min(most, found.high)),
                n=found.n,
                **vars(measure),
            )
        )

    def add_drift(self, items: str, base: np.ndarray, candidate: np.ndarray) -> None:
        """Add how many neighbors stay on the map of embeddings (n, D) of the same items."""
        kept = neighbors_kept(base, candidate)
        what = "Map drift: how many of each one's nearest neighbors, to the recognizer, stay."
        measure = Measure(f"neighbors kept on the map by {items}", what, guarded=False)
        self.add(measure, np.ones(len(kept)).tolist(), kept.tolist())

    def ask_outside(self, sounds: Sequence[Sound], judges: Path) -> Verdict:
        """Let the outside judges hear sounds where they are installed; name them where not."""
        said = Verdict()
        if not sounds:
            return said
        if why := not_installed(judges):
            asked = dict.fromkeys(name for sound in sounds for name in sound.judges)
            self.missing |= {f"{JUDGES[name][0]} ({name})": why for name in asked}
        else:
            said = judge(list(sounds), [], judges)
            self.missing |= said.missing
        return said


def refuse_numberless(clip: Clip, system: str) -> Clip:
    """Return a take.

    Raises:
        ValueError: its samples are no numbers.
    """
    if not np.isfinite(clip.wav).all():
        raise ValueError(
            f"What the {system} says holds samples that are no numbers: its training fell apart. "
            "Train it again at a lower learning rate."
        )
    return clip


def not_installed(judges: Path) -> str:
    """Why the outside judges can't be asked, or nothing. It is never tried to install them."""
    ready = judges / "ready"
    if not ready.is_file():
        return f"It is not installed: {INSTALLING}."
    if ready.read_text(encoding="utf-8") != json.dumps(JUDGES, indent=1):
        return f"Its environment is of another version, or lacks a judge: {INSTALLING}."
    return ""


def few_behind(numbers: Sequence[Number]) -> list[str]:
    """Note that few clips or sentences stand behind guarded numbers, where that is so."""
    few = [number for number in numbers if number.guarded and number.n < FEW]
    if not few:
        return []
    least = min(few, key=lambda number: number.n)
    others = " and other guarded numbers" if len(few) > 1 else ""
    return [
        f"Only {least.n} clips or sentences stand behind {least.name}{others}, so this says "
        "little: hold out more."
    ]


def neighbors_kept(base: np.ndarray, candidate: np.ndarray, most: int = NEIGHBORS) -> np.ndarray:
    """Share (n,) of the nearest neighbors of each item that are its neighbors in both spaces.

    Nearest by cosine; `most` of them, of few items a third, so that not everybody is a neighbor.

    Args:
        base: (n, D) embeddings.
        candidate: (n, D') those of the same items in another space.
        most: how many neighbors are looked at.
    """
    n_near = min(most, (len(base) - 1) // 3)
    if n_near < 1:
        return np.zeros(0)
    before, after = (_nearest(space, n_near) for space in (base, candidate))
    return np.array([len(set(a) & set(b)) / n_near for a, b in zip(before, after, strict=True)])


def _nearest(space: np.ndarray, n_near: int) -> list[list[int]]:
    unit = space / np.linalg.norm(space, axis=1, keepdims=True).clip(min=1e-9)
    cosine = unit @ unit.T
    np.fill_diagonal(cosine, -np.inf)
    return np.argsort(-cosine, axis=1, kind="stable")[:, :n_near].tolist()
