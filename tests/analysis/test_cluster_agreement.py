"""Names of clusters and how often they hold."""

import numpy as np
import pytest

from emostudio.analysis.cluster_agreement import agreement, by_chance, named_apart, unmatched

EMOTIONS = ["happy", "sad", "angry"] * 20
SPEAKERS = ["a"] * 30 + ["b"] * 30
RIGHT = np.tile([2, 0, 1], 20)


def test_clusters_that_are_emotions_agree_whatever_their_numbers() -> None:
    found = agreement(RIGHT, EMOTIONS)
    assert found.share == 1
    assert found.recall == {"happy": 1, "sad": 1, "angry": 1}
    assert found.confusion["sad"] == {"happy": 0, "sad": 20, "angry": 0}


def test_two_emotions_in_one_cluster_can_t_both_be_named() -> None:
    found = agreement(np.tile([0, 0, 1], 20), EMOTIONS)
    assert found.share == pytest.approx(2 / 3)
    assert sorted(found.recall.values()) == [0, 1, 1]
    assert sum(sum(of.values()) for of in found.confusion.values()) == 60


def test_numbers_that_differ_by_speaker_agree_once_named_apart() -> None:
    ids = RIGHT.copy()
    ids[30:] = (ids[30:] + 1) % 3
    assert agreement(ids, EMOTIONS).share == pytest.approx(1 / 2)
    assert named_apart(ids, EMOTIONS, SPEAKERS) == 1


def test_numbering_at_random_lies_between_chance_and_a_match() -> None:
    chance = by_chance(RIGHT, EMOTIONS, SPEAKERS)
    assert 1 / 3 < chance < unmatched(RIGHT, EMOTIONS, SPEAKERS) < 1
    assert by_chance(RIGHT, EMOTIONS, SPEAKERS) == chance
