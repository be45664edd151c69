"""Matching: neutral lies in the midst, and ids follow what speakers have in common."""

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from emostudio.analysis.matching import NEUTRAL, WAYS, Way, angles, match, neutral_of

both = pytest.mark.parametrize("by", WAYS)
# Neutral near the midst of four emotions.
CENTERS = np.array(
    [[0.1, 0.0, 0.1], [1.0, 0.8, 0.9], [-0.6, -0.7, -0.8], [0.9, 0.6, -1.0], [1.1, -0.9, 0.5]]
)
ORDERS = ([0, 1, 2, 3, 4], [3, 1, 4, 0, 2], [4, 3, 2, 1, 0], [1, 2, 3, 4, 0])


def spoken(by: Way, turn: Rotation | None = None) -> list[np.ndarray]:
    """Four speakers' centers, each in an order of its own, slightly off.

    Directions are alike in whatever size and place.
    """
    rng = np.random.default_rng(0)
    found = []
    for n, order in enumerate(ORDERS):
        off = CENTERS[order] + 0.05 * rng.normal(size=CENTERS.shape)
        off = off if turn is None else turn.apply(off)
        found.append(off * (1 + n) + rng.normal(size=3) if by == "angles" else off)
    return found


def test_the_center_inside_the_hull_of_the_others_is_neutral() -> None:
    for order in ORDERS:
        assert neutral_of(CENTERS[order]) == order.index(0)


@pytest.mark.parametrize(
    "centers",
    [
        [[0.0, 0, 0], [1, 1, 0], [1, -1, 0], [-1, 0, 0]],  # a triangle about it
        [[0.0, 0, 0], [1, 1, 1], [-1, -1, -1]],  # between two
        [[0.1, 0, 0], [1, 1, 1]],
        [[0.7, 0.7, 0.7]],
    ],
)
def test_neutral_is_in_the_midst_of_few_centers_too(centers: list[list[float]]) -> None:
    assert neutral_of(np.array(centers)) == 0


def test_centers_on_one_plane_are_no_error() -> None:
    flat = np.array([[0.0, 0, 0], [1, 1, 0], [1, -1, 0], [-1, 1, 0], [-1, -1, 0]])
    assert 0 <= neutral_of(flat) < 5


def test_azimuth_and_elevation_are_seen_from_neutral() -> None:
    centers = np.array([[1.0, 1, 1], [2, 1, 1], [1, 3, 1], [1, 1, 0]])
    seen = angles(centers, 0)
    half = np.pi / 2
    np.testing.assert_allclose(seen[1:], [[0, half], [half, half], [0, np.pi]], atol=1e-12)


def meaning(ids: Sequence[np.ndarray]) -> set[tuple[int, int]]:
    """Pairs of a center and the id that it was given, over all speakers."""
    pairs = [np.stack([order, of], axis=1) for order, of in zip(ORDERS, ids, strict=True)]
    return {(int(center), int(given)) for center, given in np.concatenate(pairs)}


@both
def test_what_means_the_same_gets_the_same_id_in_whatever_order(by: Way) -> None:
    pairs = meaning(match(spoken(by), by=by))
    assert len(pairs) == 5
    assert (0, NEUTRAL) in pairs


@both
def test_turning_the_space_changes_no_match(by: Way) -> None:
    turn = Rotation.from_euler("xyz", [40, -70, 120], degrees=True)
    pairs = meaning(match(spoken(by, turn), by=by))
    assert len(pairs) == 5
    assert (0, NEUTRAL) in pairs


@both
def test_a_speaker_with_neutral_alone_goes_with_the_others_neutral(by: Way) -> None:
    alone = np.array([[0.4, 0.5, 0.6]])
    assert match([alone, *spoken(by)], by=by)[0].tolist() == [NEUTRAL]
    assert [ids.tolist() for ids in match([alone, alone], by=by)] == [[NEUTRAL], [NEUTRAL]]


@both
def test_a_speaker_with_fewer_clusters_leaves_some_ids_out(by: Way) -> None:
    kept = [2, 0, 3, 4]
    *full, few = match([*spoken(by), CENTERS[kept]], by=by)
    by_center = dict(zip(ORDERS[0], full[0].tolist(), strict=True))
    assert few.tolist() == [by_center[n] for n in kept]


def test_nobody_can_t_be_matched() -> None:
    with pytest.raises(ValueError, match="at least one speaker"):
        match([], by="places")
