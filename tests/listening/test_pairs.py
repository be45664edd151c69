from dataclasses import replace
from typing import Any

import pytest

from emostudio.listening import pairs
from emostudio.listening.judgments import Judgment
from emostudio.listening.kinds import KINDS
from emostudio.listening.protocol import Protocol
from emostudio.listening.simulate import Truth, simulate
from tests.listening.plans import against

PROTOCOL = Protocol("cmos", "Which is better?")
TRUTH = Truth({"s0": 2.6, "s1": 3.0, "s2": 3.4}, {}, first_bias=0.4)


@pytest.fixture(scope="module")
def answers() -> list[Judgment]:
    return simulate(PROTOCOL, against(24, 24, 3), TRUTH, seed=5)


def judged(value: float, system: str = "a", other: str = "b", **fields: Any) -> Judgment:
    return Judgment("l", system, "u", other_system=other, other=other, value=value, **fields)


def turned(one: Judgment) -> Judgment:
    return replace(
        one,
        system=one.other_system,
        other_system=one.system,
        stimulus=one.other,
        other=one.stimulus,
        value=-one.value,
        swapped=not one.swapped,
        asked_intensity=one.other_asked_intensity,
        other_asked_intensity=one.asked_intensity,
    )


def test_which_system_is_named_first_changes_nothing(answers: list[Judgment]) -> None:
    backwards = [turned(one) for one in answers]
    assert pairs.table(backwards) == pairs.table(answers)
    assert pairs.first_bias(backwards) == pairs.first_bias(answers)
    assert pairs.stronger(backwards) == pairs.stronger(answers)


def test_the_buttons_of_a_swapped_trial_are_turned_back() -> None:
    """`value` favors the first named; on the screen a positive grade favored the second clip."""
    assert judged(2).shown_value == -2
    assert judged(2, swapped=True).shown_value == 2


def test_wins_ties_and_losses_are_of_the_first_named_system() -> None:
    (found,) = pairs.comparisons([judged(1), judged(2), judged(0), judged(3, "b", "a")])
    assert (found.a, found.b) == ("a", "b")
    assert (found.wins, found.ties, found.losses) == (2, 1, 1)
    assert found.binomial_p == pytest.approx(1.0)  # 2 of 3
    assert found.found.value == 0


def test_ties_alone_have_no_binomial_test() -> None:
    (found,) = pairs.comparisons([judged(0)])
    assert found.binomial_p is None


def test_the_bias_to_the_first_clip_is_found_and_kept_out_of_the_systems(
    answers: list[Judgment],
) -> None:
    bias = pairs.first_bias(answers)
    assert bias.low < TRUTH.first_bias < bias.high
    assert bias.low > 0
    for one in pairs.comparisons(answers):
        true = TRUTH.quality[one.a] - TRUTH.quality[one.b]
        assert one.found.low < true < one.found.high


def test_one_order_tells_nothing_about_order() -> None:
    found = pairs.first_bias([judged(1), judged(2)])
    assert found.value is None
    assert "one order" in found.why


def test_more_intensity_asked_is_heard_as_stronger() -> None:
    right = judged(1, asked_intensity=0.9, other_asked_intensity=0.3)
    wrong = judged(1, asked_intensity=0.3, other_asked_intensity=0.9)
    level = judged(0, asked_intensity=0.3, other_asked_intensity=0.9)
    same = judged(1, asked_intensity=0.9, other_asked_intensity=0.9)
    assert pairs.stronger([right, right, wrong, level, same]).value == 2.5 / 4
    assert "two different intensities" in pairs.stronger([same, judged(1)]).why


def test_answers_are_told_by_the_system_that_they_favor() -> None:
    scale = KINDS["ab"].grades
    rows = pairs.histogram([judged(1), judged(1, "b", "a"), judged(0)], scale)
    assert {row["system"] for row in rows} == {"a against b"}
    assert [(row["label"], row["count"]) for row in rows] == [
        ("the second named", 1),
        ("no difference", 1),
        ("the first named", 1),
    ]
