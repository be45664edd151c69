"""Clusters that were planted are found, in one speaker and over many."""

import numpy as np
import pytest

from emostudio.analysis import clustering


def planted(n_speakers: int, noise: float, *, n_features: int = 6) -> tuple[np.ndarray, ...]:
    """Points around four centers that speakers share, who speaks each, and its center."""
    rng = np.random.default_rng(3)
    means = 4 * rng.normal(size=(4, n_features))
    ids = np.tile(np.arange(4), 8 * n_speakers)
    speakers = np.repeat([f"actor-{n}" for n in range(n_speakers)], 32)
    return means[ids] + noise * rng.normal(size=(len(ids), n_features)), speakers, ids


def same_parts(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two numberings put the same things together."""
    return len(set(zip(a.tolist(), b.tolist(), strict=True))) == len(set(a.tolist()))


def test_planted_clusters_are_found_in_each_speaker() -> None:
    points, speakers, ids = planted(2, 0.2)
    found = clustering.within(points, speakers.tolist(), {"actor-0": 4, "actor-1": 4})
    for places in clustering.by_speaker(speakers.tolist()).values():
        assert same_parts(found[places], ids[places])


def test_who_never_acts_has_one_cluster() -> None:
    points, speakers, _ = planted(1, 0.2)
    assert not clustering.within(points, speakers.tolist(), {"actor-0": 1}).any()
    assert not clustering.within(points[:1], ["reader"], {"reader": 1}).any()  # nor needs many


def test_too_few_clips_are_refused_in_words() -> None:
    points, speakers, _ = planted(1, 0.2)
    with pytest.raises(ValueError, match="actor-0 has 32 clips, too few for 17 clusters"):
        clustering.within(points, speakers.tolist(), {"actor-0": 17})


def test_an_empty_cluster_has_no_center_of_its_own() -> None:
    found = clustering.centers(np.array([[1.0], [3.0]]), np.array([0, 0]), 2)
    assert found.tolist() == [[2.0], [0.0]]


def test_other_speakers_help_one_whose_clusters_went_wrong() -> None:
    points, speakers, ids = planted(5, 0.4)
    wrong = ids.copy()
    wrong[:32][ids[:32] == 3] = 2  # one speaker's two clusters taken for one
    assert (clustering.shared(points, speakers.tolist(), wrong) == ids).all()


def test_clusters_found_in_some_features_are_sharpened_by_others() -> None:
    points, _, ids = planted(5, 0.4)
    rng = np.random.default_rng(1)
    blurred = np.where(rng.random(len(ids)) < 0.3, rng.integers(0, 4, len(ids)), ids)
    assert (clustering.sharpened(points, blurred) == ids).mean() > 0.98
