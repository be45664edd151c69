"""Means and effects whose intervals hold: listeners and utterances are both drawn from many.

Answers of one listener are alike, and so are answers about one utterance, which is why the usual
1.96 sd/sqrt(n) covers far less than it says. Errors are summed within listeners, within utterances
and within both [1], with the small-sample factors of statsmodels and t of the fewer clusters [2].

[1] Cameron, Gelbach & Miller (2011), Robust inference with multiway clustering.
[2] Camp et al. (2023), MOS vs. AB: evaluating text-to-speech systems using clustered errors.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

MIN_CLUSTERS = 5  # fewer listeners or utterances say nothing about others


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval, or `why` it has none.

    `se` is the standard error, `df` the degrees of freedom of t, `p` that of the null hypothesis 0.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    se: float | None = None
    df: int = 0
    p: float | None = None
    answers: int = 0
    listeners: int = 0
    utterances: int = 0
    why: str = ""


def numbered(labels: Sequence[Hashable]) -> tuple[np.ndarray, list[Hashable]]:
    """Return the number of each label (n,) and the labels in the order of their first use."""
    place: dict[Hashable, int] = {}
    index = np.array([place.setdefault(label, len(place)) for label in labels], dtype=int)
    return index, list(place)


def too_few(listeners: int, utterances: int) -> str:
    """Return why there is no interval, or nothing where there are enough of both."""
    if listeners >= MIN_CLUSTERS and utterances >= MIN_CLUSTERS:
        return ""
    return (
        f"An interval needs {MIN_CLUSTERS} listeners and {MIN_CLUSTERS} utterances; "
        f"here are {listeners} and {utterances}."
    )


def too_few_listeners(listeners: int) -> str:
    """Return why there is no interval where listeners alone are drawn again, or nothing."""
    if listeners >= MIN_CLUSTERS:
        return ""
    return f"An interval needs {MIN_CLUSTERS} listeners; here are {listeners}."


def two_way(scores: np.ndarray, listeners: np.ndarray, utterances: np.ndarray) -> float:
    """Variance of the sum of `scores` (n,) when listeners and utterances are clusters.

    `listeners` and `utterances` (n,) are numbers from 0. Where the two-way sum is no variance,
    which a few clusters can cause, the larger of the one-way ones is taken.
    """
    both = np.unique(listeners * (utterances.max() + 1) + utterances, return_inverse=True)[1]
    by_listener, by_utterance, by_both = (
        _one_way(scores, groups) for groups in (listeners, utterances, both)
    )
    variance = by_listener + by_utterance - by_both
    largest = max(by_listener, by_utterance)
    return variance if variance > 1e-9 * largest else largest


def mean(
    values: Sequence[float], listeners: Sequence[Hashable], utterances: Sequence[Hashable]
) -> Estimate:
    """Mean of answers with its interval over listeners and utterances.

    Args:
        values: (n,) answers.
        listeners: (n,) who gave each.
        utterances: (n,) about which utterance.
    """
    if not len(values):
        return Estimate(None, why="Nobody has answered yet.")
    y = np.asarray(values, float)
    who, listener_names = numbered(listeners)
    what, utterance_names = numbered(utterances)
    counts = len(y), len(listener_names), len(utterance_names)
    value = float(y.mean())
    covariance = None
    if not too_few(*counts[1:]):
        covariance = two_way((y - value) / len(y), who, what)
    return estimate(value, covariance, counts)


def estimate(value: float, variance: float | None, counts: tuple[int, int, int]) -> Estimate:
    """Return the interval of t around a value.

    Args:
        value: the estimate.
        variance: its variance, or None where it was not computed.
        counts: answers, listeners and utterances it is from.
    """
    from scipy import stats

    answers, listeners, utterances = counts
    why = too_few(listeners, utterances)
    if not why and (variance is None or variance <= 0):
        why = "All answers are equal, which tells nothing about how much others would differ."
    if why or variance is None:
        return Estimate(value, answers=answers, listeners=listeners, utterances=utterances, why=why)
    df = min(listeners, utterances) - 1
    se = math.sqrt(variance)
    reach = float(stats.t.ppf(0.975, df)) * se
    p = float(2 * stats.t.sf(abs(value) / se, df))
    return Estimate(value, value - reach, value + reach, se, df, p, answers, listeners, utterances)


def naive(values: Sequence[float]) -> tuple[float, float] | None:
    """The interval of older papers, mean and 1.96 sd/sqrt(n): it covers about half of the time."""
    if len(values) < 2:
        return None
    y = np.asarray(values, float)
    reach = 1.96 * y.std(ddof=1) / math.sqrt(len(y))
    return float(y.mean() - reach), float(y.mean() + reach)


def holm(ps: Sequence[float | None]) -> list[float | None]:
    """Adjust p-values for being several; None stays None."""
    from statsmodels.stats.multitest import multipletests

    known = np.array([p for p in ps if p is not None])
    if not len(known):
        return list(ps)
    adjusted = iter(np.asarray(multipletests(known, method="holm")[1]).tolist())
    return [None if p is None else next(adjusted) for p in ps]


def _one_way(scores: np.ndarray, groups: np.ndarray) -> float:
    sums = np.bincount(groups, scores)
    return float(sums @ sums * len(sums) / max(len(sums) - 1, 1))
