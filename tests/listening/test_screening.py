from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from emostudio.listening.judgments import Judgment
from emostudio.listening.protocol import Protocol, Screening
from emostudio.listening.screening import Verdict, failed, right, screen, table
from emostudio.listening.simulate import simulate, truth_of
from tests.listening.plans import planned, square

MOS = Protocol("mos", "Which is natural?")
EMOTION = Protocol("emotion_id", "Which emotion?")
AB = Protocol("ab", "Which is better?")


def answered(
    protocol: Protocol = MOS,
    listeners: int = 20,
    utterances: int = 24,
    systems: int = 3,
    seed: int = 0,
) -> list[Judgment]:
    trials = planned(protocol, listeners, utterances, systems)
    truth = truth_of(protocol, sorted({one.system for one in trials}))
    return simulate(protocol, trials, truth, seed=seed)


def of(
    judgments: list[Judgment], rule: str, listener: str = "l0", protocol: Protocol = MOS
) -> Verdict:
    """The verdict of a rule about a listener."""
    (found,) = [
        one for one in screen(judgments, protocol) if (one.listener, one.rule) == (listener, rule)
    ]
    return found


def with_first(judgments: list[Judgment], change: Callable[[Judgment], Judgment]) -> list[Judgment]:
    """Judgments of which those of the first listener are changed."""
    return [change(one) if one.listener == "l0" else one for one in judgments]


@pytest.mark.parametrize("protocol", [MOS, EMOTION, AB])
def test_honest_listeners_hardly_ever_fail(protocol: Protocol) -> None:
    fails = [len(failed(screen(answered(protocol, seed=s), protocol))) for s in range(12)]
    assert sum(fails) <= 0.03 * 12 * 20


@pytest.mark.parametrize("protocol", [MOS, EMOTION])
def test_who_answers_at_random_is_mostly_found_out(protocol: Protocol) -> None:
    rng = np.random.default_rng(0)

    def at_random(one: Judgment) -> Judgment:
        if protocol is MOS:
            return replace(one, value=float(rng.integers(1, 6)))
        return replace(one, emotion=str(rng.choice(protocol.choices)))

    verdicts = []
    for seed in range(12):
        judgments = with_first(answered(protocol, utterances=60, seed=seed), at_random)
        verdicts.append(of(judgments, "correlation with others", protocol=protocol).verdict)
    assert verdicts.count("fail") >= 8
    assert "pass" not in verdicts[:1]


def test_nobody_fails_for_differing_where_everybody_differs() -> None:
    """Two equal systems: no listener agrees with the others, and none is to blame."""
    rng = np.random.default_rng(0)
    judgments = [replace(one, value=float(rng.integers(-1, 2))) for one in planned(AB, 20, 40, 2)]
    assert len(failed(screen(judgments, AB))) <= 1


def test_unknown_never_excludes() -> None:
    few = [Judgment("l0", "s0", f"u{i}", value=5.0) for i in range(3)]
    verdicts = screen(few, MOS)
    assert {one.verdict for one in verdicts} == {"unknown"}
    assert all(one.why for one in verdicts)
    assert failed(verdicts) == set()


def test_one_and_the_same_answer_fails_and_has_no_variance() -> None:
    judgments = with_first(answered(), lambda one: replace(one, value=4.0))
    assert of(judgments, "one and the same answer").verdict == "fail"
    assert of(judgments, "variance of grades").verdict == "fail"
    assert of(judgments, "one and the same answer", "l1").verdict == "pass"


def test_always_the_same_button_is_seen_though_systems_change_sides() -> None:
    """Always the first clip: half of the time that favors the one, half the other system."""
    judgments = with_first(
        answered(AB), lambda one: replace(one, value=-1.0 if one.swapped else 1.0)
    )
    assert {one.value for one in judgments if one.listener == "l0"} == {-1, 1}
    assert of(judgments, "one and the same answer", protocol=AB).value == 1
    assert of(judgments, "one and the same answer", protocol=AB).verdict == "fail"


def test_half_a_clip_heard_is_not_heard() -> None:
    judgments = with_first(answered(), lambda one: replace(one, heard_s=one.duration_s / 2))
    assert of(judgments, "clips heard to their end").verdict == "fail"
    assert of(judgments, "clips heard to their end", "l1").verdict == "pass"


def test_both_clips_of_a_pair_must_be_heard() -> None:
    judgments = with_first(answered(AB), lambda one: replace(one, other_heard_s=0.0))
    assert of(judgments, "clips heard to their end", protocol=AB).verdict == "fail"


def test_an_answer_before_the_end_is_hasty() -> None:
    judgments = with_first(answered(), lambda one: replace(one, rt_ms=500))
    assert of(judgments, "answers before the end").verdict == "fail"
    unmeasured = with_first(answered(), lambda one: replace(one, rt_ms=None))
    assert of(unmeasured, "answers before the end").verdict == "unknown"


@pytest.mark.parametrize(
    ("role", "value", "met"),
    [("gold", 4, True), ("gold", 3, False), ("trap", 4, False), ("trap", 5, True)],
)
def test_gold_may_be_missed_by_a_grade_and_a_trap_may_not(
    role: str, value: float | None, met: bool
) -> None:
    assert right(Judgment("l", "", "", value=value, role=role, gold={"value": 5}), MOS) is met


def test_an_emotion_is_met_or_not() -> None:
    gold = Judgment("l", "", "", emotion="sad", role="gold", gold={"emotion": "sad"})
    assert right(gold, EMOTION) is True
    assert right(replace(gold, emotion="calm"), EMOTION) is False
    assert right(replace(gold, gold=None), EMOTION) is None


def test_gold_is_counted_in_shares() -> None:
    gold = [
        Judgment("l0", "", f"g{i}", value=v, role="gold", gold={"value": 5})
        for i, v in enumerate((5, 5, 1))
    ]
    found = of([*answered(), *gold], "gold and traps right")
    assert found.value == pytest.approx(2 / 3)
    assert found.verdict == "fail"
    lenient = Protocol("mos", "t", screening=Screening(gold_share=0.6))
    assert of([*answered(), *gold], "gold and traps right", protocol=lenient).verdict == "pass"


def test_repeats_are_compared_with_what_was_said_before() -> None:
    first = square(1, 12, 2)
    judgments = [replace(one, value=3.0) for one in first]
    again = [replace(one, value=5.0, repeated=True) for one in first[:2]]
    found = of([*judgments, *again], "distance of repeats")
    assert found.value == 2
    assert found.verdict == "fail"


def test_the_table_says_what_each_number_is_measured_against() -> None:
    rows = table(screen(answered(listeners=3), MOS))
    assert {row["listener"] for row in rows} == {"l0", "l1", "l2"}
    assert set(rows[0]) == {"listener", "rule", "value", "threshold", "verdict", "why"}
