from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from emostudio.listening.confusion import (
    Confusion,
    by_system_table,
    confusion,
    emotions_table,
    heard_table,
    hit,
    rates,
    table,
)
from emostudio.listening.judgments import Judgment


def heard(asked: str, emotion: str, listener: str = "l", **fields: Any) -> Judgment:
    return Judgment(listener, "s", "u", asked_emotion=asked, emotion=emotion, **fields)


def test_who_says_neutral_to_all_hits_all_neutral_clips_but_half_of_it_counts() -> None:
    found = confusion([heard("neutral", "neutral"), heard("sad", "neutral")], ["neutral", "sad"])
    both = rates(found.total, found)
    assert both["hit rate"].tolist() == [1, 0]
    assert both["unbiased hit rate"].tolist() == [0.5, 0]


def test_the_unbiased_rate_is_that_of_its_formula() -> None:
    """Wagner (1993): squared hits over the product of both margins."""
    counts = np.array([[[6.0, 4.0], [3.0, 7.0]]])
    found = Confusion(("happy", "sad"), ("happy", "sad"), counts)
    assert rates(found.total, found)["unbiased hit rate"] == pytest.approx([36 / 90, 49 / 110])


def test_balanced_accuracy_counts_rare_emotions_as_much() -> None:
    answers = [heard("sad", "sad")] * 9 + [heard("fear", "sad")]
    rows = emotions_table(confusion(answers, ["sad", "fear"]))
    assert [row["hit rate"] for row in rows] == [1.0, 0.0, 0.5]
    assert rows[-1]["asked"] == "all"
    assert rows[-1]["answers"] == 10
    assert "5 listeners" in rows[0]["why"]


def test_rows_are_shares_of_the_asked_emotion_with_intervals_of_wilson() -> None:
    answers = [heard("sad", "sad")] * 8 + [heard("sad", "other")] * 2 + [heard("fear", "sad")]
    rows = table(confusion(answers, ["sad", "fear", "other"]))
    first = rows[0]
    assert (first["asked"], first["heard"], first["count"], first["share"]) == (
        "sad",
        "sad",
        8,
        0.8,
    )
    assert (first["low"], first["high"]) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    for asked in ("sad", "fear"):
        assert sum(row["share"] for row in rows if row["asked"] == asked) == pytest.approx(1)


def test_several_systems_have_their_own_matrix_beside_that_of_all() -> None:
    answers = [heard("sad", "sad"), replace(heard("sad", "calm"), system="t")]
    shares = {
        (row["system"], row["heard"]): row["share"]
        for row in by_system_table(answers, ["sad", "calm"])
    }
    assert shares["all", "sad"] == 0.5
    assert shares["s", "sad"] == shares["t", "calm"] == 1
    assert {row["system"] for row in by_system_table(answers[:1], ["sad"])} == {"all"}


def test_an_emotion_asked_that_nobody_could_choose_is_never_hit() -> None:
    found = confusion([heard("pride", "sad")], ["sad"])
    assert emotions_table(found)[0]["hit rate"] == 0


def test_intervals_come_from_listeners_and_are_wider_the_more_they_differ() -> None:
    def width(answers: list[Judgment]) -> float:
        row = emotions_table(confusion(answers, ["sad", "calm"]))[-1]
        return row["hit rate high"] - row["hit rate low"]

    alike = [
        heard("sad", "sad" if i % 2 else "calm", f"l{who}") for who in range(10) for i in range(10)
    ]
    apart = [
        heard("sad", "sad" if who % 2 else "calm", f"l{who}")
        for who in range(10)
        for i in range(10)
    ]
    assert width(alike) == 0
    assert width(apart) > 0.4


def test_emotions_are_counted_that_were_heard_as_second() -> None:
    rows = heard_table([heard("", "sad", second_emotion="calm"), heard("", "sad")], ["sad", "calm"])
    assert [(row["count"], row["second"], row["share"]) for row in rows] == [(2, 0, 1), (0, 1, 0)]


def test_nothing_asked_is_no_hit_and_no_miss() -> None:
    assert hit(heard("", "sad")) is None
    assert emotions_table(confusion([heard("", "sad")], ["sad"])) == []
    assert heard_table([], ["sad"]) == []
