"""A ladder of systems from comparisons of two: Bradley-Terry, listeners drawn again.

The chance that a is preferred to b is 1 / (1 + 10^((points b - points a) / 400)), which are the
points of Elo, but fitted to all answers at once, so that their order doesn't matter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emostudio.listening.clusters import numbered, too_few_listeners
from emostudio.listening.judgments import Judgment
from emostudio.listening.pairs import oriented

POINTS = 400 / math.log(10)  # of Elo, for one unit of log odds
MIDDLE = 1000.0
N_RESAMPLES = 300
PRIOR = 0.01  # a little of a tie between any two, so that who won all has points as well


@dataclass(frozen=True)
class Rung:
    """A system, its points and their 95 % interval; `rank` is by the lower end."""

    rank: int
    system: str
    points: float
    low: float | None
    high: float | None
    votes: int
    listeners: int
    why: str = ""


def ladder(judgments: Sequence[Judgment], *, seed: int = 0) -> list[Rung]:
    """Return the systems, the best first; a tie is half a win for both."""
    turned = oriented(judgments)
    if not turned:
        return []
    listener, listeners = numbered([one.listener for one in turned])
    names = sorted({name for one in turned for name in (one.system, one.other_system)})
    place = {name: number for number, name in enumerate(names)}
    wins = np.zeros((len(listeners), len(names), len(names)))
    for who, one in zip(listener, turned, strict=True):
        a, b = place[one.system], place[one.other_system]
        won = (1 + float(np.sign(one.value or 0.0))) / 2
        wins[who, a, b] += won
        wins[who, b, a] += 1 - won

    points = _points(wins.sum(0))
    ends = np.full((2, len(names)), np.nan)
    why = too_few_listeners(len(listeners))
    if not why:
        rng = np.random.default_rng(seed)
        share = np.full(len(listeners), 1 / len(listeners))
        draws = rng.multinomial(len(listeners), share, N_RESAMPLES)
        again = np.stack([_points(np.tensordot(draw, wins, 1)) for draw in draws])
        ends = np.percentile(again, [2.5, 97.5], axis=0)
    votes = (wins + wins.transpose(0, 2, 1)).sum((0, 2))
    by = points if why else ends[0]
    return [
        Rung(
            rank,
            str(names[i]),
            float(points[i]),
            None if why else float(ends[0, i]),
            None if why else float(ends[1, i]),
            round(votes[i]),
            len(listeners),
            why,
        )
        for rank, i in enumerate(np.argsort(-by, kind="stable"), 1)
    ]


def table(judgments: Sequence[Judgment]) -> list[dict[str, Any]]:
    """Show the ladder in whole points."""
    return [
        {
            "rank": rung.rank,
            "system": rung.system,
            "points": round(rung.points),
            "low": None if rung.low is None else round(rung.low),
            "high": None if rung.high is None else round(rung.high),
            "answers": rung.votes,
            "listeners": rung.listeners,
            "why": rung.why,
        }
        for rung in ladder(judgments)
    ]


def _points(wins: np.ndarray) -> np.ndarray:
    """Fit points to wins (systems, systems) of the row over the column."""
    from choix import ilsr_pairwise_dense

    strengths = ilsr_pairwise_dense(wins, alpha=PRIOR, max_iter=1000)
    return MIDDLE + POINTS * (strengths - strengths.mean())
