"""The interval of a paired difference: both systems had the same clips, or spoke the same texts.

What is drawn again in thought are sentences (or clips): takes of one sentence are alike. With the
four to six sentences of a quick comparison a percentile bootstrap is too narrow (it holds the truth
in 85 of 100 cases), so that the interval here is Student's, from the jackknife over sentences [1].
Of hits, which are 0 or 1, few may differ between two systems; there the interval is as wide as the
wider of that one and the one for paired shares with a hit added on both sides [2], which stays
honest where none or all of a few have changed. `tests/evaluation/test_paired.py` simulates both.

[1] Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 11
[2] Bonett & Price, Confidence intervals for a paired difference of proportions, British Journal of
    Mathematical and Statistical Psychology 65 (2012), doi:10.1111/j.2044-8317.2011.02010.x
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

Z95 = 1.959964


@dataclass(frozen=True)
class Difference:
    """Means of both over `n` clips or sentences, and the 95 % interval of candidate minus base."""

    base: float
    candidate: float
    low: float
    high: float
    n: int


def difference(
    base: Sequence[float],
    candidate: Sequence[float],
    *,
    sizes: Sequence[float] | None = None,
    groups: Sequence[Hashable] | None = None,
    hits: bool = False,
) -> Difference:
    """Compare amounts of the same items.

    Args:
        base: (n,) scores, errors, or hits of 0 and 1.
        candidate: (n,) those of the other for the same items.
        sizes: (n,) what amounts are out of, or how much each item counts; ones by default.
        groups: (n,) the sentence of each; each item stands for itself by default.
        hits: whether amounts are hits.

    Raises:
        ValueError: fewer than two groups, of which nothing can be said.
    """
    weights = np.ones(len(base)) if sizes is None else np.asarray(sizes, float)
    labels = list(range(len(base))) if groups is None else list(groups)
    place = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    if len(place) < 2:
        raise ValueError("Two clips or sentences are the least that can be compared.")
    # Errors are counts out of sizes; hits and scores are means that sizes weigh.
    scale = weights if hits else np.ones(len(weights))
    ours, theirs = (np.asarray(values, float) * scale for values in (candidate, base))
    index = np.array([place[label] for label in labels])
    gained = np.bincount(index, ours - theirs, len(place))
    out_of = np.bincount(index, weights, len(place))
    low, high = _jackknife(gained, out_of)
    if hits:
        few = _with_a_hit_each(np.asarray(candidate, float) - np.asarray(base, float), weights)
        low, high = min(low, few[0]), max(high, few[1])
    total = out_of.sum()
    return Difference(
        float(theirs.sum() / total), float(ours.sum() / total), float(low), float(high), len(place)
    )


def _jackknife(gained: np.ndarray, out_of: np.ndarray) -> tuple[float, float]:
    """Student's interval of a ratio of sums over groups."""
    from scipy.stats import t

    n = len(gained)
    without = (gained.sum() - gained) / (out_of.sum() - out_of)
    width = np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum()) * t.ppf(0.975, n - 1)
    center = gained.sum() / out_of.sum()
    return center - width, center + width


def _with_a_hit_each(changes: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Wald's interval of changes in {-1, 0, 1} with one of each sign added."""
    changes = np.append(changes, [1.0, -1.0])
    weights = np.append(weights, [weights.mean()] * 2)
    center = np.average(changes, weights=weights)
    width = Z95 * np.sqrt((weights**2 * (changes - center) ** 2).sum()) / weights.sum()
    return max(-1.0, center - width), min(1.0, center + width)
