import pytest

from emostudio.listening.judgments import Judgment
from emostudio.listening.ladder import ladder
from emostudio.listening.protocol import Protocol
from emostudio.listening.simulate import simulate, truth_of
from tests.listening.plans import against


def voted(system: str, other: str, value: float, listener: str = "l") -> Judgment:
    return Judgment(listener, system, "u", other_system=other, other=other, value=value)


def test_three_wins_to_one_are_the_points_of_those_odds() -> None:
    best, worst = ladder([voted("a", "b", 1)] * 300 + [voted("a", "b", -2)] * 100)
    assert (best.system, worst.system) == ("a", "b")
    assert best.points - worst.points == pytest.approx(190.85, abs=0.1)  # 400 log10(3)
    assert best.points + worst.points == pytest.approx(2000)


def test_ties_are_half_a_win_each() -> None:
    halves = ladder([voted("a", "b", 0)] * 4 + [voted("a", "b", 1)] * 2)
    wins = ladder([voted("a", "b", 1)] * 4 + [voted("b", "a", 1)] * 2)
    assert [one.points for one in halves] == pytest.approx([one.points for one in wins])


def test_who_never_lost_has_finite_points_and_one_listener_no_interval() -> None:
    best, worst = ladder([voted("b", "a", 1)])
    assert best.system == "b"
    assert 1000 < best.points < 3000
    assert best.low is None
    assert "5 listeners" in best.why
    assert worst.votes == 1


def test_systems_that_were_never_compared_stay_on_one_ladder() -> None:
    assert len(ladder([voted("a", "b", 1), voted("c", "d", 1)])) == 4


def test_the_order_of_true_qualities_is_found_again() -> None:
    protocol = Protocol("ab", "Which is better?")
    trials = against(30, 24, 4)
    truth = truth_of(protocol, ["s0", "s1", "s2", "s3"])
    rungs = ladder(simulate(protocol, trials, truth, seed=1))
    assert [one.system for one in rungs] == ["s3", "s2", "s1", "s0"]
    assert all(one.low < one.points < one.high for one in rungs)
    assert sum(one.votes for one in rungs) == 2 * len(trials)


def test_nobody_has_no_ladder() -> None:
    assert ladder([]) == []
