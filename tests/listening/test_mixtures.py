import math
from typing import Any

import pytest

from emostudio.listening.consensus import SECOND_SHARE
from emostudio.listening.judgments import Judgment
from emostudio.listening.mixtures import (
    asked_shares,
    distance,
    distances_table,
    heard_shares,
    shares_of,
    table,
)

BITTER = {"sad": 0.7, "angry": 0.3}


def heard(
    emotion: str,
    second: str | None = None,
    share: float | None = None,
    listener: str = "l",
    **fields: Any,
) -> Judgment:
    return Judgment(
        listener, "s", "u", emotion=emotion, second_emotion=second, second_share=share, **fields
    )


def test_shares_of_an_answer_sum_to_one() -> None:
    assert shares_of(heard("sad")) == {"sad": 1}
    assert shares_of(heard("sad", "angry", 0.3)) == {"sad": 0.7, "angry": 0.3}
    assert shares_of(heard("sad", "angry"))["angry"] == SECOND_SHARE
    assert heard_shares([heard("sad"), heard("calm"), heard("sad", "calm", 0.5)]) == {
        "sad": 0.5,
        "calm": 0.5,
    }


def test_an_asked_emotion_is_a_mixture_of_one() -> None:
    assert asked_shares(heard("sad", asked_emotion="calm")) == {"calm": 1}
    assert asked_shares(heard("sad", asked_mix={"sad": 7, "angry": 3})) == BITTER
    assert asked_shares(heard("sad")) == {}


def test_the_distance_is_that_of_its_formula() -> None:
    """Half of both divergences from the middle, which is (.5, .25, .25) here; then the root."""
    divergence = (1 * math.log2(1 / 0.5) + 2 * 0.5 * math.log2(0.5 / 0.25)) / 2
    assert distance({"a": 1.0}, {"b": 0.5, "c": 0.5}) == pytest.approx(math.sqrt(divergence))
    half = (1 * math.log2(1 / 0.75) + 0.5 * math.log2(0.5 / 0.75) + 0.5 * math.log2(0.5 / 0.25)) / 2
    assert distance({"a": 1.0}, {"a": 0.5, "b": 0.5}) == pytest.approx(math.sqrt(half))
    assert distance(BITTER, dict(reversed(BITTER.items()))) == 0


def test_a_mixture_heard_as_asked_is_at_no_distance() -> None:
    answers = [
        heard("sad", "angry", 0.3, f"l{who}", asked_mix=BITTER, stimulus="x") for who in range(6)
    ]
    (row,) = distances_table(answers)
    assert row["distance"] == row["low"] == row["high"] == 0
    assert [(r["asked"], r["heard"]) for r in table(answers)] == [(0.7, 0.7), (0.3, 0.3)]
    assert table(answers)[0]["mixture"] == "sad 70% + angry 30%"


def test_one_listener_has_a_distance_and_no_interval() -> None:
    (row,) = distances_table([heard("calm", asked_mix=BITTER)])
    assert row["distance"] == 1
    assert row["low"] is None
    assert "5 listeners" in row["why"]
    assert distances_table([heard("calm")]) == []
