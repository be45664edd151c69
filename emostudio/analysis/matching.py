"""Matching: the clusters of different speakers that mean the same get the same id [1].

A speaker's cluster centers lie in arousal, dominance and valence. One of them is neutral: the one
in the midst of the others. Seen from it the others lie in some direction, an azimuth and an
elevation, and directions are what speakers have in common; or else, once each speaker is
standardized, the places themselves. Ids are given by the assignment that brings each speaker's
centers nearest to those of a reference, which starts as one speaker and grows into the mean of all.

[1] DiEmo-TTS, https://arxiv.org/abs/2505.19687, section 2.2
"""

import math
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

ROUNDS = 20  # of growing the reference
NEVER = 100.0  # more than any chord squared: only neutral goes with neutral
NEUTRAL = 0  # its id

Way = Literal["places", "angles"]
WAYS: tuple[Way, ...] = get_args(Way)


def neutral_of(centers: np.ndarray) -> int:
    """The center (of M, 3) without which the others' hull stays largest.

    A point inside the hull costs it nothing, a corner costs its tip. The hull is a volume where
    four or more points remain, as with the paper's five; of three it is the triangle's area and of
    two the distance. Of two centers, which have no midst, the one nearer to (0, 0, 0).
    """
    if len(centers) < 3:
        return int(np.linalg.norm(centers, axis=1).argmin())
    without = [_size(np.delete(centers, n, axis=0)) for n in range(len(centers))]
    return int(np.argmax(without))


def _size(points: np.ndarray) -> float:
    """Volume, area or length of the hull of points (n, 3)."""
    if len(points) < 4:
        sides = points[1:] - points[0]
        return math.sqrt(max(np.linalg.det(sides @ sides.T), 0.0))
    from scipy.spatial import ConvexHull

    # Joggled, so that points on one plane are a thin hull and no error.
    return float(ConvexHull(points, qhull_options="QJ").volume)


def angles(centers: np.ndarray, neutral: int) -> np.ndarray:
    """Azimuth and elevation (M, 2) in radians of centers (M, 3) about the neutral one.

    Azimuth is in the plane of the first two attributes, elevation counts from the third's axis.
    """
    x, y, z = (centers - centers[neutral]).T
    radius = np.sqrt(x**2 + y**2 + z**2)
    return np.stack([np.arctan2(y, x), np.arccos(z / np.where(radius > 0, radius, 1.0))], axis=1)


def match(centers: Sequence[np.ndarray], *, by: Way) -> list[np.ndarray]:
    """Ids (M,) of every speaker's clusters, the same over speakers; 0 is neutral.

    By `angles` each speaker's neutral center is found first and goes with the others', as
    published. By `places` all centers are matched at once, and the neutral one is found among their
    means: a speaker whose neutral clips k-means has left in other clusters then harms nobody.

    Args:
        centers: a speaker's cluster centers (M, 3) in attributes, standardized within the speaker
            if by places. M may differ: who has fewer leaves some ids out. One alone is neutral.
        by: what is compared.

    Raises:
        ValueError: there are no speakers.
    """
    if not centers:
        raise ValueError("There are no clusters to match; give clips of at least one speaker.")
    several = [of for of in centers if len(of) > 1]
    neutrals = [neutral_of(of) if by == "angles" else None for of in several]
    if by == "angles":
        several = [_units(angles(of, n or 0)) for of, n in zip(several, neutrals, strict=True)]
    most = max(map(len, several), default=1)
    starts = [n for n, of in enumerate(several) if len(of) == most]
    grown = (_grow(several, neutrals, several[n], neutrals[n]) for n in starts)
    _, reference, found = min(grown, key=lambda result: result[0], default=(0.0, None, []))
    if reference is not None:
        first = neutrals[starts[0]]
        neutral = neutral_of(reference) if first is None else int(found[starts[0]][first])
        order = _order(reference, neutral)
        found = [order[ids] for ids in found]
    rest = iter(found)
    return [next(rest) if len(of) > 1 else np.array([NEUTRAL]) for of in centers]


def _grow(
    own: Sequence[np.ndarray],
    neutrals: Sequence[int | None],
    reference: np.ndarray,
    neutral: int | None,
) -> tuple[float, np.ndarray, list[np.ndarray]]:
    """From one speaker's centers: how far all are away in sum, the mean centers, the ids."""
    away, found = math.inf, []
    for _ in range(ROUNDS):
        pairs = [_assign(of, n, reference, neutral) for of, n in zip(own, neutrals, strict=True)]
        now = sum(cost for cost, _ in pairs)
        if now >= away - 1e-9:
            break
        away, found = now, [ids for _, ids in pairs]
        total, count = np.zeros_like(reference), np.zeros((len(reference), 1))
        for of, ids in zip(own, found, strict=True):
            total[ids] += of
            count[ids] += 1
        reference = np.where(count > 0, total / np.maximum(count, 1), reference)
    return away, reference, found


def _assign(
    own: np.ndarray, own_neutral: int | None, reference: np.ndarray, neutral: int | None
) -> tuple[float, np.ndarray]:
    """Squared distances in sum, of directions that of chords, and the id of each center."""
    from scipy.optimize import linear_sum_assignment

    cost = np.square(own[:, None] - reference).sum(-1)
    if own_neutral is not None:
        cost[own_neutral], cost[:, neutral] = NEVER, NEVER
        cost[own_neutral, neutral] = 0.0
    rows, ids = linear_sum_assignment(cost)
    return float(cost[rows, ids].sum()), ids


def _units(angle: np.ndarray) -> np.ndarray:
    """Unit vectors (M, 3) of azimuth and elevation (M, 2)."""
    azimuth, elevation = angle.T
    flat = np.sin(elevation)
    return np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), np.cos(elevation)], axis=1)


def _order(reference: np.ndarray, neutral: int) -> np.ndarray:
    """New ids: neutral first, the others by azimuth, so that they don't hang on who came first."""
    azimuth = np.arctan2(reference[:, 1], reference[:, 0])
    azimuth[neutral] = -np.inf
    return azimuth.argsort().argsort()
