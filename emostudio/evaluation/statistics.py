"""Numbers with intervals: sentences are drawn again, because takes of one sentence are alike."""

from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

N_RESAMPLES = 2000


@dataclass(frozen=True)
class Estimate:
    """A ratio or mean with its 95 % interval over `n` sentences (or clips)."""

    value: float
    low: float
    high: float
    n: int

    def json(self) -> dict[str, Any]:
        """Plain numbers."""
        return {k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(self).items()}


def estimate(
    amounts: Sequence[float],
    sizes: Sequence[float] | None = None,
    groups: Sequence[Hashable] | None = None,
) -> Estimate:
    """Sum of amounts by sum of sizes (a mean without), percentile bootstrap over groups.

    Args:
        amounts: (n,) errors, hits, scores.
        sizes: (n,) what they are out of; ones by default.
        groups: (n,) the sentence of each; each a sentence of its own by default.

    Raises:
        ValueError: nothing is given.
    """
    if not len(amounts):
        raise ValueError("There is nothing to estimate from.")
    labels = list(range(len(amounts))) if groups is None else list(groups)
    place = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    index = np.array([place[label] for label in labels])
    top = np.bincount(index, np.asarray(amounts, float), len(place))
    bottom = np.bincount(index, None if sizes is None else np.asarray(sizes, float), len(place))
    rng = np.random.default_rng(0)
    draws = rng.integers(0, len(place), (N_RESAMPLES, len(place)))
    ratios = top[draws].sum(1) / np.maximum(bottom[draws].sum(1), 1e-12)
    low, high = np.percentile(ratios, [2.5, 97.5])
    return Estimate(
        float(top.sum() / max(bottom.sum(), 1e-12)), float(low), float(high), len(place)
    )


def rank_correlation(x: Sequence[float], y: Sequence[float]) -> float:
    """Spearman's coefficient; 0 where one of the two does not move."""
    from scipy.stats import spearmanr

    if len(set(x)) < 2 or len(set(y)) < 2:
        return 0.0
    return round(float(spearmanr(x, y).statistic), 4)  # type: ignore[union-attr]
