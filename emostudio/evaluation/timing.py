"""How a figure of speed is taken, what it is held to, and how it reads."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

GOALS = {
    "real-time factor, 4 s, 1 emotion": 0.08,
    "real-time factor, 4 s, 2 emotions": 0.12,
    "real-time factor, 4 s, 5 emotions": 0.25,
    "real-time factor, 4 s, DiEmo": 0.05,
    "first sound of 30 s": 1.0,
    "real-time factor, convert 10 s": 0.15,
    "first sound, convert 10 s": 1.5,
    "peak memory": 1200.0,
    "map: 10,000 points as a figure": 2.0,
    "map: embedding to point": 50.0,
    "map: file to point, 4 s": 0.5,
}


@dataclass(frozen=True)
class Figure:
    """What was measured, each repeat of it; none where it could not be, and `note` says why."""

    name: str
    unit: str
    repeats: tuple[float, ...]
    note: str = ""

    def row(self) -> str:
        """One line of the table: name, median, unit, goal, note."""
        value = f"{statistics.median(self.repeats):.4g}" if self.repeats else "-"
        goal = f"goal {GOALS[self.name]:g}" if self.name in GOALS else ""
        return f"{self.name:<44}{value:>8} {self.unit:<8}{goal:<10} {self.note}".rstrip()

    def record(self) -> dict[str, Any]:
        """The same and each repeat, for JSON."""
        median = statistics.median(self.repeats) if self.repeats else None
        return vars(self) | {"median": median, "goal": GOALS.get(self.name)}


def timed(work: Callable[[], object], repeats: int, device: str) -> tuple[float, ...]:
    """Seconds that some work takes, each repeat of it, after one that warms up."""

    def once() -> float:
        start = now(device)
        work()
        return now(device) - start

    return tuple(once() for _ in range(repeats + 1))[1:]


def now(device: str) -> float:
    """Seconds on a clock, once the device has done what it was told."""
    if device == "cuda":  # which works ahead
        torch.cuda.synchronize()
    return time.perf_counter()
