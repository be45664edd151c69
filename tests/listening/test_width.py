from dataclasses import replace

import numpy as np
import pytest

from emostudio.listening.clusters import Estimate
from emostudio.listening.confusion import hit
from emostudio.listening.differences import differences
from emostudio.listening.means import estimates, grade
from emostudio.listening.pairs import comparisons
from emostudio.listening.protocol import Protocol
from emostudio.listening.simulate import Truth, simulate
from emostudio.listening.width import expected_width, listeners_for
from tests.listening.plans import full, planned

ALIKE = Truth(dict.fromkeys(("s0", "s1", "s2", "s3"), 3.0), {})


def half(found: Estimate) -> float:
    return (found.high - found.low) / 2


@pytest.mark.parametrize("kind", ["mos", "emotion_id"])
def test_the_expected_width_is_what_simulated_studies_come_to(kind: str) -> None:
    protocol = Protocol(kind, "t", listeners=20)
    score = hit if kind == "emotion_id" else grade
    widths, gaps = [], []
    for seed in range(12):
        answers = simulate(protocol, planned(protocol, 20, 20, 4), ALIKE, seed=seed)
        widths += [half(one) for one in estimates(answers, score).values()]
        gaps += [half(one.found) for one in differences(answers, score)]
    expected = expected_width(protocol, 4, 20)
    assert expected.answers == 100
    assert expected.mean == pytest.approx(np.mean(widths), rel=0.15)
    assert expected.difference == pytest.approx(np.mean(gaps), rel=0.15)


def test_where_all_hear_all_there_are_more_answers() -> None:
    protocol = Protocol("mos", "t", listeners=20, design="full")
    expected = expected_width(protocol, 2, 20)
    assert expected.answers == 400
    widths = []
    for seed in range(8):
        answers = simulate(protocol, full(20, 20, 2), ALIKE, seed=seed)
        widths += [half(one.found) for one in differences(answers)]
    assert expected.difference == pytest.approx(np.mean(widths), rel=0.2)


def test_comparisons_too() -> None:
    protocol = Protocol("cmos", "t", listeners=24)
    expected = expected_width(protocol, 3, 24)
    widths = []
    for seed in range(10):
        answers = simulate(protocol, planned(protocol, 24, 24, 3), ALIKE, seed=seed)
        widths += [half(one.found) for one in comparisons(answers)]
    assert expected.mean == pytest.approx(np.mean(widths), rel=0.15)
    assert expected.difference is None


def test_more_listeners_make_it_narrower_until_utterances_are_what_lacks() -> None:
    protocol = Protocol("mos", "t", listeners=10)
    few = expected_width(protocol, 2, 20)
    many = expected_width(replace(protocol, listeners=100), 2, 20)
    assert many.mean < few.mean
    assert listeners_for(protocol, 2, 20, many.mean) <= 100
    assert listeners_for(protocol, 2, 20, 0.05) is None


@pytest.mark.parametrize(
    ("kind", "systems", "utterances", "why"),
    [
        ("mos", 2, 3, "here are 20 and 3"),
        ("cmos", 1, 20, "nothing to compare"),
        ("mos", 0, 0, "nothing to compare"),
        ("label", 1, 20, "no means"),
    ],
)
def test_what_can_not_be_expected_has_a_reason(
    kind: str, systems: int, utterances: int, why: str
) -> None:
    found = expected_width(Protocol(kind, "t"), systems, utterances)
    assert found.mean is None
    assert why in found.why
