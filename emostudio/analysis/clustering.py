"""Clusters of clips, found within each speaker and then sharpened over all of them. No labels."""

from collections.abc import Mapping, Sequence

import numpy as np

MIN_CLIPS = 2  # of a cluster, on average
STARTS = 20  # of k-means; the best is kept
PULL = 16.0  # as many clips as the mean over speakers counts in a cluster's center
SHRINKAGE = 0.3  # of the covariance that tells clusters apart
ROUNDS = 30  # at most, of what repeats until nothing changes


def within(
    points: np.ndarray, speakers: Sequence[str], counts: Mapping[str, int], *, seed: int = 0
) -> np.ndarray:
    """K-means within each speaker: (N,) int, counted from 0 in each.

    Args:
        points: (N, D) of clips.
        speakers: (N,) who speaks each.
        counts: how many clusters a speaker has; 1 for one who never acted.
        seed: of the starts.

    Raises:
        ValueError: a speaker has too few clips for so many clusters.
    """
    from sklearn.cluster import KMeans

    found = np.zeros(len(points), int)
    for name, places in by_speaker(speakers).items():
        count = counts[name]
        if count == 1:
            continue
        if len(places) < MIN_CLIPS * count:
            raise ValueError(
                f"{name} has {len(places)} clips, too few for {count} clusters; give at least "
                f"{MIN_CLIPS * count}, or fewer clusters."
            )
        means = KMeans(count, n_init=STARTS, random_state=seed)  # type: ignore[arg-type]
        found[places] = means.fit_predict(points[places])
    return found


def by_speaker(speakers: Sequence[str]) -> dict[str, np.ndarray]:
    """Places of every speaker's clips, in the order of first appearance."""
    names = np.asarray(speakers)
    return {name: np.flatnonzero(names == name) for name in dict.fromkeys(speakers)}


def centers(points: np.ndarray, ids: np.ndarray, count: int) -> np.ndarray:
    """Mean (count, D) of each cluster's points, 0 where a cluster is empty."""
    members = ids == np.arange(count)[:, None]
    return (members @ points) / np.maximum(members.sum(1, keepdims=True), 1)


def shared(points: np.ndarray, speakers: Sequence[str], ids: np.ndarray) -> np.ndarray:
    """Ids (N,) after k-means whose centers are drawn towards the mean over speakers.

    A center that few clips of one speaker made, as neutral's often is, leans on the others'.

    Args:
        points: (N, D), alike over speakers.
        speakers: (N,) who speaks each.
        ids: (N,) clusters that mean the same for all speakers, from 0.
    """
    count = int(ids.max()) + 1
    groups = list(by_speaker(speakers).values())
    for _ in range(ROUNDS):
        own = np.stack([centers(points[places], ids[places], count) for places in groups])
        size = np.stack([np.bincount(ids[places], minlength=count) for places in groups])[..., None]
        common = own.sum(0) / np.maximum((size > 0).sum(0), 1)
        drawn = (own * size + common * PULL) / (size + PULL)
        new = ids.copy()
        for places, center in zip(groups, drawn, strict=True):
            new[places] = np.square(points[places, None] - center).sum(-1).argmin(1)
        if (new == ids).all():
            break
        ids = new
    return ids


def sharpened(features: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Ids (N,) after linear discriminants have learned them and said them anew, a few times.

    Clusters found in few dimensions thus tell which of many `features` (N, D) set them apart.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    for _ in range(ROUNDS):
        learner = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=SHRINKAGE)
        new = np.asarray(learner.fit(features, ids).predict(features))
        if (new == ids).all():
            break
        ids = new
    return ids
