"""How often a cluster is the emotion it is named for. Labels name and score clusters, no more."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from emostudio.analysis.clustering import by_speaker

DRAWS = 50  # of what is numbered or dealt at random


@dataclass(frozen=True)
class Agreement:
    """Clusters against labels: `share` of clips whose cluster is named for their emotion.

    `recall` is that by emotion; `confusion` counts clips by their emotion, then by their name.
    """

    share: float
    recall: dict[str, float]
    confusion: dict[str, dict[str, int]]


def agreement(ids: np.ndarray, emotions: Sequence[str]) -> Agreement:
    """Name each cluster after one emotion, so that most clips agree, and count.

    Args:
        ids: (N,) clusters, from 0.
        emotions: (N,) labels.
    """
    names, labels = _numbered(emotions)
    counts, chosen = _named(labels, ids)
    hits = counts[np.arange(len(names)), chosen]
    return Agreement(
        share=float(hits.sum() / len(ids)),
        recall=dict(zip(names, (hits / counts.sum(1)).tolist(), strict=True)),
        confusion={
            true: dict(zip(names, of[chosen].tolist(), strict=True))
            for true, of in zip(names, counts, strict=True)
        },
    )


def named_apart(ids: np.ndarray, emotions: Sequence[str], speakers: Sequence[str]) -> float:
    """Agreement when each speaker's clusters are named on their own: no matching can do better."""
    labels = _numbered(emotions)[1]
    groups = by_speaker(speakers).values()
    return sum(_hits(labels[places], ids[places]) for places in groups) / len(ids)


def unmatched(
    ids: np.ndarray, emotions: Sequence[str], speakers: Sequence[str], *, seed: int = 0
) -> float:
    """Agreement when each speaker's clusters are numbered at random, as k-means leaves them."""
    rng = np.random.default_rng(seed)
    return _mean(emotions, speakers, ids, lambda own: rng.permutation(int(ids.max()) + 1)[own])


def by_chance(
    ids: np.ndarray, emotions: Sequence[str], speakers: Sequence[str], *, seed: int = 0
) -> float:
    """Agreement when each speaker's clips are dealt at random to clusters as large as these."""
    return _mean(emotions, speakers, ids, np.random.default_rng(seed).permutation)


def _mean(
    emotions: Sequence[str],
    speakers: Sequence[str],
    ids: np.ndarray,
    anew: Callable[[np.ndarray], np.ndarray],
) -> float:
    """Mean agreement of ids that are drawn anew in each speaker."""
    labels = _numbered(emotions)[1]
    groups = by_speaker(speakers).values()
    total = 0
    for _ in range(DRAWS):
        drawn = ids.copy()
        for places in groups:
            drawn[places] = anew(ids[places])
        total += _hits(labels, drawn)
    return total / DRAWS / len(ids)


def _numbered(emotions: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
    names = tuple(dict.fromkeys(emotions))
    return names, np.array([names.index(emotion) for emotion in emotions])


def _named(labels: np.ndarray, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Clips by label and cluster, and the cluster (n_labels,) that each label names."""
    from scipy.optimize import linear_sum_assignment

    n_labels = int(labels.max()) + 1
    counts = np.zeros((n_labels, max(int(ids.max()) + 1, n_labels)), int)
    np.add.at(counts, (labels, ids), 1)
    return counts, linear_sum_assignment(counts, maximize=True)[1]


def _hits(labels: np.ndarray, ids: np.ndarray) -> int:
    counts, chosen = _named(labels, ids)
    return int(counts[np.arange(len(counts)), chosen].sum())
