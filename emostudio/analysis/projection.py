"""Two dimensions of many: UMAP (seeded) and PCA of features, and which features are alike.

Features are alike by the cosine of their standard scores, the same for fitting a picture, for
placing a new clip in it and for measuring it, so that Hz and decibels weigh the same.

[1] https://arxiv.org/abs/1802.03426 (UMAP)
"""

from __future__ import annotations

import warnings

import numpy as np

SEED = 7
N_NEIGHBORS = 15
MIN_DIST = 0.15
LEAST = 5  # clips that a picture needs


class Scores:
    """Standard scores by the mean and spread of some values (M, D), at length one.

    The inner product of two rows is then how alike they are.
    """

    def __init__(self, like: np.ndarray) -> None:
        """Measure mean and spread."""
        spread = like.std(axis=0, dtype=np.float64)
        self._mean = like.mean(axis=0, dtype=np.float64)
        self._spread = np.where(spread > 1e-9, spread, 1)

    def of(self, values: np.ndarray) -> np.ndarray:
        """Scores (N, D) float32 of values (N, D)."""
        scores = (values - self._mean) / self._spread
        lengths = np.linalg.norm(scores, axis=1, keepdims=True)
        return (scores / np.maximum(lengths, 1e-9)).astype(np.float32)


def standard(values: np.ndarray) -> np.ndarray:
    """Standard scores (N, D) of values by their own mean and spread, as `Scores`."""
    return Scores(values).of(values)


def umap(
    values: np.ndarray, *, n_neighbors: int = N_NEIGHBORS, min_dist: float = MIN_DIST
) -> np.ndarray:
    """Lay features (N, D) out so that neighbors stay neighbors, (N, 2) float32.

    The same arguments give the same picture with equal versions of umap-learn and numba.

    Raises:
        ValueError: there are too few.
    """
    _check(values)
    with warnings.catch_warnings():
        # It says that a seed costs it its threads, and much about its own dependencies.
        warnings.simplefilter("ignore")
        from umap import UMAP

        fitted = UMAP(
            n_neighbors=min(n_neighbors, len(values) - 1),
            min_dist=min_dist,
            metric="euclidean",  # of rows of length one: the order of their cosines
            # Few clips have no spectrum to start from.
            init="spectral" if len(values) > 4 * n_neighbors else "random",
            random_state=SEED,
            n_jobs=1,
        ).fit_transform(standard(values))
    return _centered(np.asarray(fitted))


def pca(values: np.ndarray) -> np.ndarray:
    """The two directions in which features (N, D) vary most, (N, 2) float32.

    Raises:
        ValueError: there are too few.
    """
    _check(values)
    scores = standard(values).astype(np.float64)
    scores -= scores.mean(axis=0)
    _, directions = np.linalg.eigh(scores.T @ scores)
    widest = directions[:, ::-1][:, :2]
    # A direction has no sign of its own: its largest weight is positive.
    signs = np.sign(widest[np.abs(widest).argmax(axis=0), [0, 1]])
    return _centered(scores @ (widest * signs))


def _check(values: np.ndarray) -> None:
    if len(values) < LEAST:
        raise ValueError(
            f"A map needs {LEAST} clips or more, and here {'is' if len(values) == 1 else 'are'} "
            f"{len(values)}. Add some."
        )


def _centered(points: np.ndarray) -> np.ndarray:
    return (points - points.mean(axis=0)).astype(np.float32)
