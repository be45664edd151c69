"""How far listeners agree: Krippendorff's alpha, intraclass correlation, Fleiss' kappa.

[1] Krippendorff (2011), Computing Krippendorff's alpha-reliability.
[2] Shrout & Fleiss (1979), Intraclass correlations: uses in assessing rater reliability.
[3] Henderson (1953), Estimation of variance and covariance components: method 1, for holes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from emostudio.listening.clusters import numbered
from emostudio.listening.judgments import Judgment
from emostudio.listening.means import rounded
from emostudio.listening.pairs import oriented

LEVELS = ("nominal", "ordinal", "interval")  # of measurement


def alpha(values: Sequence[Any], items: Sequence[Hashable], level: str) -> float | None:
    """Krippendorff's alpha [1]: 1 is agreement, 0 chance. Missing answers are no harm.

    Args:
        values: (n,) answers; numbers unless the level is nominal.
        items: (n,) the clip of each answer.
        level: one of `LEVELS`.

    Returns:
        None where no clip has two answers, or all answers are equal.
    """
    if not len(values):
        return None
    grades, code = np.unique(np.asarray(values), return_inverse=True)
    item = numbered(items)[0]
    counts = np.zeros((item.max() + 1, len(grades)))
    np.add.at(counts, (item, code), 1)
    counts = counts[counts.sum(1) > 1]
    if not len(counts):
        return None
    size = counts.sum(1)[:, None]
    pairs = (counts / (size - 1)).T @ counts - np.diag((counts / (size - 1)).sum(0))
    total = pairs.sum(0)
    far = _distances(grades, total, level)
    by_chance = (np.outer(total, total) * far).sum() / (total.sum() - 1)
    return float(1 - (pairs * far).sum() / by_chance) if by_chance > 0 else None


def _distances(grades: np.ndarray, total: np.ndarray, level: str) -> np.ndarray:
    """Squared distances of grades (k, k); `total` is how often each was given."""
    if level == "nominal":
        return 1.0 - np.eye(len(grades))
    if level == "ordinal":
        middle = np.cumsum(total) - total / 2  # rank of each grade's middle
        return np.subtract.outer(middle, middle) ** 2
    return np.subtract.outer(grades.astype(float), grades.astype(float)) ** 2


def icc(
    values: Sequence[float], items: Sequence[Hashable], raters: Sequence[Hashable]
) -> tuple[float, float] | None:
    """ICC(2,1) of one rater and ICC(2,k) of the mean of as many as rated a clip [2].

    Variance components of clips, raters and the rest by moments [3], so that raters may have
    skipped clips. With all answers there it is the table of [2].

    Returns:
        None where they can't be told apart.
    """
    y = np.asarray(values, float)
    item, rater = numbered(items)[0], numbered(raters)[0]
    if not len(y) or item.max() < 1 or rater.max() < 1:
        return None
    cells = np.zeros((item.max() + 1, rater.max() + 1))
    np.add.at(cells, (item, rater), 1)
    n, a, b = len(y), *cells.shape
    by_item, by_rater = cells.sum(1), cells.sum(0)
    squares = np.array(
        [
            y @ y,
            (np.bincount(item, y) ** 2 / by_item).sum(),
            (np.bincount(rater, y) ** 2 / by_rater).sum(),
            y.sum() ** 2 / n,
        ]
    )
    # What these sums are on average: columns are mean squared, clips, raters, rest.
    expected = np.array(
        [
            [n, n, n, n],
            [n, n, ((cells**2).sum(1) / by_item).sum(), a],
            [n, ((cells**2).sum(0) / by_rater).sum(), n, b],
            [n, (by_item**2).sum() / n, (by_rater**2).sum() / n, 1],
        ]
    )
    if np.linalg.matrix_rank(expected) < len(expected):
        return None
    clips, strictness, rest = np.maximum(np.linalg.solve(expected, squares)[1:], 0)
    k = len(by_item) / (1 / by_item).sum()
    if clips + strictness + rest <= 0:
        return None
    return (
        float(clips / (clips + strictness + rest)),
        float(clips / (clips + (strictness + rest) / k)),
    )


def fleiss(values: Sequence[Any], items: Sequence[Hashable]) -> float | None:
    """Fleiss' kappa; None unless every clip has the same number of answers, two at least."""
    from statsmodels.stats.inter_rater import fleiss_kappa

    if not len(values):
        return None
    item, names = numbered(items)
    code, categories = numbered(values)
    counts = np.zeros((len(names), len(categories)))
    np.add.at(counts, (item, code), 1)
    sizes = set(counts.sum(1))
    if len(sizes) > 1 or sizes == {1.0} or len(categories) < 2:
        return None
    return float(fleiss_kappa(counts))


def table(judgments: Sequence[Judgment]) -> list[dict[str, Any]]:
    """By question: alpha at each level that suits it, ICC and Fleiss' kappa where they can be."""
    rows = []
    for question in ("value", "emotion", "intensity", "valence", "arousal"):
        known = [one for one in judgments if getattr(one, question) is not None]
        if question == "value" and known and known[0].other_system:
            known = oriented(known)
        if not known:
            continue
        values = [getattr(one, question) for one in known]
        items = [_item(one) for one in known]
        raters = [one.listener for one in known]
        numeric = question != "emotion"
        alphas = {
            f"alpha, {level}": rounded(alpha(values, items, level))
            for level in (LEVELS if numeric else LEVELS[:1])
        }
        both = icc(values, items, raters) if numeric else None
        kappa = fleiss(values, items) if question in ("value", "emotion") else None
        rows.append(
            {
                "question": question,
                **{f"alpha, {level}": alphas.get(f"alpha, {level}") for level in LEVELS},
                "ICC(2,1)": rounded(both and both[0]),
                "ICC(2,k)": rounded(both and both[1]),
                "Fleiss' kappa": rounded(kappa),
                "clips": len(set(items)),
                "answers": len(values),
                "listeners": len(set(raters)),
                "why": _why(values, items),
            }
        )
    return rows


def _item(judgment: Judgment) -> Hashable:
    """Name the clip, or both in the order of `pairs.oriented`."""
    if judgment.stimulus:
        return judgment.stimulus, judgment.other
    return judgment.system, judgment.other_system, judgment.utterance


def _why(values: Sequence[Any], items: Sequence[Hashable]) -> str:
    if max(Counter(items).values()) < 2:
        return "No clip was answered by two listeners yet."
    if len(set(values)) < 2:
        return "All answers are equal: chance would agree as well."
    return ""
