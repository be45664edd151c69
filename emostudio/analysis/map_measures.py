"""How well the clips of a map keep to their labels: measured on features, not on the picture.

Clips without a label are left out. Alike is what `projection.standard` makes alike.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emostudio.analysis.projection import standard

NEIGHBORS = 10
MOST = 2_000  # clips that silhouette, which sets each against each, is told from
CHUNK = 1_000


@dataclass(frozen=True)
class Measures:
    """Measures of `n` clips with `n_groups` labels.

    `silhouette` in [-1, 1] is how much nearer clips are to their own group than to the next one.
    `purity` is the share of clips that have their cluster's commonest label, of as many clusters
    (k-means) as there are labels. `hit_rate` is the share of the ten nearest neighbors with a
    clip's own label; by `chance` it would be that.
    """

    n: int
    n_groups: int
    silhouette: float
    purity: float
    hit_rate: float
    chance: float


def measures(features: np.ndarray, labels: Sequence[str]) -> Measures | None:
    """Measure features (N, D) against N labels; none where fewer than two groups have two clips."""
    told = np.array([place for place, label in enumerate(labels) if label], dtype=int)
    groups, ids, counts = np.unique(
        [labels[place] for place in told], return_inverse=True, return_counts=True
    )
    if (counts > 1).sum() < 2:
        return None
    rows = standard(features[told])
    n = len(rows)
    return Measures(
        n=n,
        n_groups=len(groups),
        silhouette=_silhouette(rows, ids),
        purity=_purity(rows, ids, len(groups)),
        hit_rate=_hit_rate(rows, ids),
        chance=float(((counts * (counts - 1)) / (n * (n - 1))).sum()),
    )


def _hit_rate(rows: np.ndarray, ids: np.ndarray) -> float:
    k = min(NEIGHBORS, len(rows) - 1)
    hits = 0
    for start in range(0, len(rows), CHUNK):
        alike = rows[start : start + CHUNK] @ rows.T
        own = np.arange(len(alike))
        alike[own, start + own] = -np.inf
        near = np.argpartition(-alike, k - 1, axis=1)[:, :k]
        hits += int((ids[near] == ids[start : start + CHUNK, None]).sum())
    return hits / (k * len(rows))


def _silhouette(rows: np.ndarray, ids: np.ndarray) -> float:
    """Mean over clips; a clip that is its whole group counts as zero (Rousseeuw, 1987)."""
    some = np.random.default_rng(0).permutation(len(rows))[:MOST]
    rows, (groups, ids) = rows[some], np.unique(ids[some], return_inverse=True)
    if len(groups) < 2:
        return 0.0
    member = np.eye(len(groups), dtype=np.float64)[ids]
    sizes = member.sum(axis=0)
    total = (1 - rows.astype(np.float64) @ rows.T) @ member
    own, each = sizes[ids], np.arange(len(rows))
    within = total[each, ids] / np.maximum(own - 1, 1)
    mean = total / sizes
    mean[each, ids] = np.inf
    other = mean.min(axis=1)
    widest = np.maximum(np.maximum(within, other), 1e-12)
    return float(np.where(own > 1, (other - within) / widest, 0).mean())


def _purity(rows: np.ndarray, ids: np.ndarray, n_groups: int) -> float:
    found = clusters(rows, n_groups)
    table = np.zeros((n_groups, n_groups), int)
    np.add.at(table, (found, ids), 1)
    return float(table.max(axis=1).sum() / len(ids))


def clusters(rows: np.ndarray, n: int) -> np.ndarray:
    """Cluster ids (N,) of rows (N, D) by seeded k-means; at most `n` clusters."""
    from sklearn.cluster import KMeans

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fewer different rows than clusters
        kmeans = KMeans(min(n, len(rows)), n_init="auto", random_state=0)
        return kmeans.fit_predict(rows)
