"""Differences of systems that the same listeners rated, one clip at a time.

answer = system + listener + utterance, so that neither a strict listener nor a hard sentence counts
for or against a system, also where each listener heard each utterance in one system alone. Where
all heard all, this is the mean of paired differences. Errors are clustered both ways.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from emostudio.listening.clusters import Estimate, estimate, holm, numbered, two_way
from emostudio.listening.judgments import Judgment
from emostudio.listening.means import grade, rounded


@dataclass(frozen=True)
class Difference:
    """How much better system `a` is than `b`, and Wilcoxon's p over listeners and utterances."""

    a: str
    b: str
    found: Estimate
    wilcoxon_p: float | None = None


def differences(
    judgments: Sequence[Judgment], score: Callable[[Judgment], float | None] = grade
) -> list[Difference]:
    """Compare every two systems by answers about single clips; systems in alphabetical order."""
    scored = [(one, value) for one in judgments if (value := score(one)) is not None]
    names = sorted({one.system for one, _ in scored})
    if len(names) < 2:
        return []
    y = np.array([value for _, value in scored], float)
    who, listeners = numbered([one.listener for one, _ in scored])
    what, utterances = numbered([one.utterance for one, _ in scored])
    place = {name: number for number, name in enumerate(names)}
    system = np.array([place[one.system] for one, _ in scored])
    sides = _Sides(who, what, len(listeners), len(utterances))

    dummies = sides.removed(np.eye(len(names))[system])
    sizes, axes = np.linalg.eigh(dummies.T @ dummies)
    told = axes[:, sizes > 1e-9 * len(y)]
    bread = told / sizes[sizes > 1e-9 * len(y)] @ told.T
    inside = told @ told.T  # the identity, on what the design can tell apart
    outcome = sides.removed(y[:, None])[:, 0]
    effects = bread @ (dummies.T @ outcome)
    errors = outcome - dummies @ effects
    scale = (len(y) - 1) / max(len(y) - len(names), 1)
    influence = (dummies @ bread) * errors[:, None]  # of each answer on each system's effect

    heard = [[set(part[system == s]) for s in range(len(names))] for part in (who, what)]
    own = y - sides.effect_of(y - np.eye(len(names))[system] @ effects)
    found = []
    for a, b in combinations(range(len(names)), 2):
        contrast = np.zeros(len(names))
        contrast[a], contrast[b] = 1, -1
        shared = [len(part[a] & part[b]) for part in heard]
        answers = int(((system == a) | (system == b)).sum())
        if not np.allclose(contrast @ inside, contrast, atol=1e-6):
            why = "No listener heard both, or they share no utterance: nothing to compare by."
            lost = Estimate(
                None, answers=answers, listeners=shared[0], utterances=shared[1], why=why
            )
            found.append(Difference(names[a], names[b], lost))
            continue
        variance = scale * two_way(influence @ contrast, who, what)
        gap = estimate(float(contrast @ effects), variance, (answers, shared[0], shared[1]))
        ps = []
        if gap.p is not None:
            ps = [
                signed_rank(_mean_differences(values, groups, system, (a, b)))
                for values, groups in ((own[1], who), (own[0], what))
            ]
        worst = max(ps) if ps else None
        found.append(Difference(names[a], names[b], gap, worst))
    return found


def table(
    judgments: Sequence[Judgment], score: Callable[[Judgment], float | None] = grade
) -> list[dict[str, Any]]:
    """Show every difference with Holm's p over all pairs and the smallest one it would find."""
    found = differences(judgments, score)
    ps = holm([one.found.p for one in found])
    ranks = holm([one.wilcoxon_p for one in found])
    return [
        {
            "system": one.a,
            "other": one.b,
            "difference": rounded(one.found.value),
            "low": rounded(one.found.low),
            "high": rounded(one.found.high),
            "p": rounded(one.found.p, 6),
            "p (Holm)": rounded(p, 6),
            "p (Wilcoxon, Holm)": rounded(rank, 6),
            "smallest detectable": rounded(smallest_detectable(one.found.se, one.found.df)),
            "listeners": one.found.listeners,
            "utterances": one.found.utterances,
            "why": one.found.why,
        }
        for one, p, rank in zip(found, ps, ranks, strict=True)
    ]


def smallest_detectable(se: float | None, df: int) -> float | None:
    """Return the difference that 80 % of such studies find at a level of 5 %: 2.8 `se` or more.

    >>> round(smallest_detectable(1.0, 10_000), 2)
    2.8
    """
    from scipy import stats

    if se is None:
        return None
    return float(stats.t.ppf(0.975, df) + stats.t.ppf(0.8, df)) * se


def signed_rank(differences: np.ndarray) -> float:
    """Return Wilcoxon's p of paired differences; 1 where none differs."""
    from scipy.stats import wilcoxon

    moved = differences[np.abs(differences) > 1e-9]
    if not len(moved):
        return 1.0
    moved = np.round(moved, 9)  # rounding errors of means would break ties
    exact = len(moved) <= 50 and len(np.unique(np.abs(moved))) == len(moved)
    found = wilcoxon(moved, method="exact" if exact else "asymptotic")
    return float(found.pvalue)  # type: ignore[union-attr]


def _mean_differences(
    values: np.ndarray, groups: np.ndarray, system: np.ndarray, pair: tuple[int, int]
) -> np.ndarray:
    """By listener or utterance, mean of the first system minus that of the second."""
    size = int(groups.max()) + 1
    means = []
    for one in pair:
        mine = system == one
        counts = np.bincount(groups[mine], minlength=size)
        sums = np.bincount(groups[mine], values[mine], size)
        means.append(np.where(counts > 0, sums / np.maximum(counts, 1), math.nan))
    both = means[0] - means[1]
    return both[~np.isnan(both)]


class _Sides:
    """The effects of listeners and utterances on answers, by least squares."""

    def __init__(self, who: np.ndarray, what: np.ndarray, listeners: int, utterances: int) -> None:
        self.who, self.what, self.listeners, self.utterances = who, what, listeners, utterances
        crossed = np.zeros((listeners, utterances))
        np.add.at(crossed, (who, what), 1)
        normal = np.block(
            [
                [np.diag(crossed.sum(1)), crossed],
                [crossed.T, np.diag(crossed.sum(0))],
            ]
        )
        self.inverse = np.linalg.pinv(normal, hermitian=True, rcond=1e-10)

    def effects(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of each listener (listeners, k) and utterance (utterances, k) on `values` (n, k)."""
        sums = np.zeros((self.listeners + self.utterances, values.shape[1]))
        np.add.at(sums, self.who, values)
        np.add.at(sums, self.listeners + self.what, values)
        both = self.inverse @ sums
        return both[: self.listeners], both[self.listeners :]

    def removed(self, values: np.ndarray) -> np.ndarray:
        """Return `values` (n, k) without the effects of both."""
        by_listener, by_utterance = self.effects(values)
        return values - by_listener[self.who] - by_utterance[self.what]

    def effect_of(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of the listener and of the utterance of each of `values` (n,)."""
        by_listener, by_utterance = self.effects(values[:, None])
        return by_listener[self.who, 0], by_utterance[self.what, 0]
