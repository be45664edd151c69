"""Base and candidate side by side on what was held out, and whether the candidate may be promoted.

Each number is a mean over the same clips or takes for both, so that its interval is that of the
paired difference. A guarded number that falls by more than its interval refuses promotion.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

UNMEASURED = "No guarded number could be measured, so that nothing tells whether it is any better."


@dataclass(frozen=True)
class Number:
    """One figure of both: means, and the 95 % interval of candidate minus base.

    `unit` is share, grade, cosine, dB or cents. `better` says which way is better. `what` is a line
    on what it means.
    """

    name: str
    what: str
    base: float
    candidate: float
    interval: tuple[float, float]
    n: int
    unit: str = "share"
    better: str = "higher"
    guarded: bool = True

    @property
    def difference(self) -> float:
        """Candidate minus base."""
        return self.candidate - self.base

    @property
    def fell(self) -> bool:
        """Whether the candidate is worse by more than the interval: it leaves out zero."""
        low, high = self.interval
        return high < 0 if self.better == "higher" else low > 0


@dataclass(frozen=True)
class Pair:
    """A take of the base and one of the candidate, of the same text: files in the gate's folder."""

    id: str
    text: str
    base: str
    candidate: str
    voice: str = ""
    emotion: str = ""


@dataclass(frozen=True)
class Gate:
    """What was found; `confusions` is by system, then what was meant, then what was heard."""

    net: str
    base_sha256: str
    candidate_sha256: str
    numbers: tuple[Number, ...]
    confusions: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    pairs: tuple[Pair, ...] = ()
    missing: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why the candidate may not be promoted, a sentence each; empty where it may."""
        guarded = [number for number in self.numbers if number.guarded]
        if not guarded:
            return (UNMEASURED,)
        return tuple(_fallen(number) for number in guarded if number.fell)

    def write(self, folder: Path) -> None:
        """Write report.json into the gate's folder, whole or not."""
        text = json.dumps(asdict(self), indent=1)
        (folder / "report.new").write_text(text + "\n", encoding="utf-8")
        (folder / "report.new").replace(folder / "report.json")

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Gate:
        """Return what `asdict` gave.

        Raises:
            ValueError: it is no report of a gate.
        """
        try:
            numbers = tuple(
                Number(**row | {"interval": tuple(row["interval"])}) for row in told["numbers"]
            )
            pairs = tuple(Pair(**row) for row in told["pairs"])
            notes = tuple(told["notes"])
            return cls(**told | {"numbers": numbers, "pairs": pairs, "notes": notes})
        except (KeyError, TypeError) as error:
            raise ValueError(f"This is no report of a comparison: {error}.") from error

    @classmethod
    def read(cls, folder: Path) -> Gate:
        """Read the report of a gate's folder.

        Raises:
            ValueError: it is missing or damaged.
        """
        try:
            told = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ValueError(f"{folder} holds no comparison yet.") from error
        return cls.from_json(told)


def _fallen(number: Number) -> str:
    low, high = number.interval
    verb = "fell" if number.better == "higher" else "rose"
    return (
        f"{number.name[:1].upper()}{number.name[1:]} {verb} from {number.base:.3g} to "
        f"{number.candidate:.3g} (difference {number.difference:+.3g}, 95 % interval {low:+.3g} to "
        f"{high:+.3g})."
    )
