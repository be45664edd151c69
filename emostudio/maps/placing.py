"""From a clip to its place on a map, and from a place back to an emotion; UMAP is not needed.

A new clip lies between the clips that it is most alike, weighted by cosine similarity. A place of a
picture sounds like the clips around it, weighted by distance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from emostudio.maps.space import EmotionMap, plane
from emostudio.values import MAX_PLACES

NEIGHBORS = 10
AROUND = 8
SPEAKS = "diemo"  # the feature that a take can be spoken from


@dataclass(frozen=True)
class Place:
    """Where a clip lies, and the clips that it is most alike: places on the map, nearest first."""

    x: float
    y: float
    neighbors: tuple[int, ...]
    similarities: tuple[float, ...]


def place(
    space: EmotionMap, features: Mapping[str, np.ndarray], feature: str, method: str
) -> Place:
    """Place a new clip.

    Args:
        space: the map.
        features: of the clip, as `Studio.embed` gives them: (D,) by name, `affect` among them.
        feature: which of them decides who is alike.
        method: the picture.

    Raises:
        ValueError: the map or the clip has no such feature, or the sizes differ.
    """
    near, similarities = nearest(space, features, feature)
    if method == "plane":
        x, y = plane(np.asarray(features["affect"])[None])[0]
    else:
        # Far neighbors of ten pull a clip to the middle of the map: the nearest ones count more.
        gap = similarities[0] - similarities
        weights = np.exp(-gap / max(float(gap.mean()), 1e-6))
        x, y = np.average(space.coords_of(feature, method)[near], axis=0, weights=weights)
    return Place(float(x), float(y), tuple(near.tolist()), tuple(similarities.tolist()))


def nearest(
    space: EmotionMap, features: Mapping[str, np.ndarray], feature: str, n: int = NEIGHBORS
) -> tuple[np.ndarray, np.ndarray]:
    """Places (n,) of the most similar clips and their cosine similarities (n,).

    Raises:
        ValueError: as `place`.
    """
    if feature not in space.features:
        raise ValueError(
            f"This map was made without {feature}; choose from {', '.join(space.features)}."
        )
    known = space.features[feature]
    if feature not in features or len(features[feature]) != known.shape[1]:
        raise ValueError(
            f"This map was made with other models than those here ({feature}). Make it anew."
        )
    scores, rows = space.scored(feature)
    similarities = rows @ scores.of(np.asarray(features[feature])[None])[0]
    near = np.argsort(-similarities, kind="stable")[:n]
    return near, similarities[near]


def neighbors_of(space: EmotionMap, clip: int, feature: str, n: int = NEIGHBORS) -> list[int]:
    """The clips that a clip of the map is most alike, without itself, nearest first.

    Raises:
        ValueError: the map has no such feature.
    """
    own = {name: values[clip] for name, values in space.features.items()}
    near, _ = nearest(space, own, feature, n + 1)
    return [int(other) for other in near if other != clip][:n]


def emotion_at(
    space: EmotionMap, points: Sequence[tuple[float, float]], feature: str, method: str
) -> tuple[tuple[float, ...], ...]:
    """What is felt at places of a picture: DiEmo embeddings, as `Request.emotion_path` takes them.

    Args:
        space: the map.
        points: places; one holds for a whole take, several are passed through.
        feature: of the picture.
        method: of the picture.

    Raises:
        ValueError: no place, too many, a place that is none, or a map without DiEmo.
    """
    if SPEAKS not in space.features:
        raise ValueError(
            "This map was made without DiEmo, so nothing can be spoken from it. Make it anew "
            "where checkpoints/diemo is."
        )
    where = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    if not len(where) or not np.isfinite(where).all():
        raise ValueError("There is no place to speak from; click on the map.")
    if len(where) > MAX_PLACES:
        raise ValueError(f"The path has {len(where)} places; {MAX_PLACES} is the limit.")
    coords = space.coords_of(feature, method).astype(np.float64)
    known = space.features[SPEAKS]
    path = []
    for point in where:
        near, distances = around(coords, point)
        # On a clip it is that clip alone; the farthest of those around counts for nothing.
        reach = max(float(distances[-1]), 1e-9)
        weights = 1 / np.maximum(distances / reach, 1e-6) ** 2 - 1 + 1e-9
        path.append(tuple(np.average(known[near], axis=0, weights=weights).tolist()))
    return tuple(path)


def around(
    coords: np.ndarray, point: Sequence[float] | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The clips around a place of a picture (N, 2), nearest first, and how far they are."""
    distances = np.linalg.norm(coords - np.asarray(point), axis=1)
    near = np.argsort(distances, kind="stable")[:AROUND]
    return near, distances[near]
