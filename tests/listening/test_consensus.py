import pytest

from emostudio.listening.consensus import SECOND_SHARE, consensus_of
from emostudio.listening.judgments import Judgment


def _heard(listener: str, emotion: str, **given: object) -> Judgment:
    return Judgment(listener, "", "u", emotion=emotion, stimulus="a", **given)  # type: ignore[arg-type]


def test_shares_of_a_clip_sum_to_one_and_the_most_heard_is_the_label() -> None:
    found = consensus_of(
        [
            _heard("l1", "sad", second_emotion="calm"),
            _heard("l2", "sad", second_emotion="angry", second_share=0.5),
            _heard("l3", "calm"),
            _heard("l4", "sad"),
        ]
    )["a"]
    assert sum(found.shares.values()) == pytest.approx(1)
    assert found.label == "sad"
    assert found.shares["sad"] == pytest.approx((1 - SECOND_SHARE + 0.5 + 1) / 4)
    assert found.shares["angry"] == pytest.approx(0.5 / 4)
    assert found.listeners == 4


def test_a_tie_is_no_label() -> None:
    assert consensus_of([_heard("l1", "sad"), _heard("l2", "happy")])["a"].label is None


def test_means_are_over_those_who_answered() -> None:
    found = consensus_of([_heard("l1", "sad", intensity=0.8), _heard("l2", "sad")])["a"]
    assert found.intensity == pytest.approx(0.8)
    assert found.valence is None


def test_gold_clips_and_repeats_teach_nothing() -> None:
    twice = [_heard("l1", "sad"), _heard("l1", "happy", repeated=True)]
    assert consensus_of(twice)["a"].shares == {"sad": 1.0}
    assert consensus_of([_heard("l1", "sad", role="gold")]) == {}
