from dataclasses import replace

import numpy as np
import pytest

from emostudio.listening.judgments import Judgment
from emostudio.listening.kinds import KINDS, answer_of
from emostudio.listening.protocol import Protocol
from emostudio.listening.recovery import recovery
from emostudio.listening.simulate import (
    Truth,
    expected_grade,
    expected_preference,
    simulate,
    truth_of,
)
from tests.listening.plans import planned

SYSTEMS = ("s0", "s1", "s2")


def answered(
    kind: str, listeners: int = 24, utterances: int = 24, seed: int = 0
) -> tuple[Protocol, Truth, list[Judgment]]:
    protocol = Protocol(kind, "Tried before it starts")
    truth = truth_of(protocol, SYSTEMS)
    trials = planned(protocol, listeners, utterances, len(SYSTEMS))
    return protocol, truth, simulate(protocol, trials, truth, seed=seed)


@pytest.mark.parametrize("kind", KINDS)
def test_every_simulated_answer_would_be_taken_from_a_browser(kind: str) -> None:
    protocol, _, judgments = answered(kind, 4, 8)
    names = (*protocol.about.asked, *protocol.about.offered)
    for one in judgments:
        given = {name: getattr(one, name) for name in names}
        answer_of(given, protocol.about, scale=protocol.grades, emotions=protocol.choices)


@pytest.mark.parametrize("kind", KINDS)
def test_the_known_answer_is_recovered(kind: str) -> None:
    checks = recovery(*answered(kind))
    assert checks
    assert all(one.recovered for one in checks), [one for one in checks if not one.recovered]


@pytest.mark.parametrize("kind", ["mos", "cmos", "ab", "emotion_id", "intensity"])
def test_a_wrong_answer_is_not_recovered(kind: str) -> None:
    protocol, truth, judgments = answered(kind)
    wrong = Truth(
        {name: 5.5 - 2 * place for place, name in enumerate(truth.quality)},
        {name: 0.99 - 0.49 * place for place, name in enumerate(truth.hit)},
    )
    if kind == "intensity":
        judgments = [replace(one, value=4 - one.value) for one in judgments]
    assert not all(one.recovered for one in recovery(protocol, wrong, judgments))


def test_too_few_to_tell_are_neither_recovered_nor_missed() -> None:
    assert {one.recovered for one in recovery(*answered("mos", 3, 4))} == {None}


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_answers(kind: str) -> None:
    assert answered(kind, 3, 4)[2] == answered(kind, 3, 4)[2]


def test_nobody_answers_nothing() -> None:
    protocol = Protocol("mos", "t")
    assert simulate(protocol, [], truth_of(protocol, []), seed=0) == []


def test_gold_is_answered_right() -> None:
    protocol = Protocol("mos", "t")
    trials = planned(protocol, 2, 3, 1)
    gold = replace(trials[0], system="", role="gold", gold={"value": 5})
    assert simulate(protocol, [gold], truth_of(protocol, SYSTEMS), seed=0)[0].value == 5


@pytest.mark.parametrize("center", [1.2, 3.0, 4.9])
def test_expected_grades_are_means_of_rounded_values(center: float) -> None:
    scale = Protocol("mos", "t").grades
    drawn = np.random.default_rng(0).normal(center, 0.9, 200_000)
    assert expected_grade(center, 0.9, scale) == pytest.approx(
        np.clip(np.round(drawn), 1, 5).mean(), abs=0.01
    )


def test_expected_preferences_are_even_for_equal_systems() -> None:
    assert expected_preference(0, 1) == pytest.approx(0)
    assert expected_preference(9, 1) == pytest.approx(1)
