from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import wilcoxon

from emostudio.listening.clusters import mean
from emostudio.listening.differences import differences, smallest_detectable, table
from emostudio.listening.judgments import Judgment
from emostudio.listening.protocol import Protocol
from emostudio.listening.simulate import Truth, simulate, truth_of
from tests.listening.plans import full, square

SIDES = ("system", "listener", "utterance")
PROTOCOL = Protocol("mos", "Which is natural?")


def answered(trials: list[Judgment], seed: int = 0) -> list[Judgment]:
    names = sorted({one.system for one in trials})
    return simulate(PROTOCOL, trials, truth_of(PROTOCOL, names), seed=seed)


def test_where_all_heard_all_it_is_the_mean_of_paired_differences() -> None:
    judgments = answered(full(8, 7, 2))
    by_cell = {(o.listener, o.utterance, o.system): o.value for o in judgments}
    cells = sorted({(who, what) for who, what, _ in by_cell})
    paired = [by_cell[who, what, "s0"] - by_cell[who, what, "s1"] for who, what in cells]
    expected = mean(paired, [who for who, _ in cells], [what for _, what in cells])
    (one,) = differences(judgments)
    n = len(judgments)
    assert (one.a, one.b) == ("s0", "s1")
    assert one.found.value == pytest.approx(expected.value)
    assert one.found.se == pytest.approx(expected.se * np.sqrt((n - 1) / (n - 2)))
    assert one.found.df == expected.df


def test_wilcoxon_is_over_means_and_the_larger_p_counts() -> None:
    judgments = answered(full(12, 9, 2))

    def p(side: str) -> float:
        names = sorted({getattr(one, side) for one in judgments})
        means = [
            [
                np.mean([o.value for o in judgments if (getattr(o, side), o.system) == (n, s)])
                for n in names
            ]
            for s in ("s0", "s1")
        ]
        gaps = np.round(np.subtract(*means), 9)
        gaps = gaps[gaps != 0]
        ties = len(set(abs(gaps))) < len(gaps)
        return wilcoxon(gaps, method="asymptotic" if ties else "exact").pvalue

    (one,) = differences(judgments)
    assert one.wilcoxon_p == pytest.approx(max(p("listener"), p("utterance")))


def test_with_holes_the_error_is_that_of_statsmodels_with_effects_of_both() -> None:
    judgments = [one for i, one in enumerate(answered(square(9, 12, 3))) if i % 7]
    y = np.array([one.value for one in judgments])
    sides = [np.unique([getattr(o, n) for o in judgments], return_inverse=True)[1] for n in SIDES]
    dummies = [np.eye(codes.max() + 1)[codes][:, 1:] for codes in sides]
    model = sm.OLS(y, np.column_stack([np.ones(len(y)), *dummies]))
    theirs = model.fit(cov_type="cluster", cov_kwds={"groups": np.column_stack(sides[1:])})
    # Effects of listeners and utterances lie within clusters, and are no loss of freedom.
    scale = np.sqrt((len(y) - model.exog.shape[1]) / (len(y) - 3))
    first, second, _ = differences(judgments)
    for one, place in ((first, 1), (second, 2)):
        error = np.sqrt(theirs.cov_params()[place, place])
        assert one.found.value == pytest.approx(-theirs.params[place], abs=1e-10)
        assert one.found.se == pytest.approx(error * scale, abs=1e-10)


def test_a_strict_listener_and_a_hard_utterance_change_no_difference() -> None:
    judgments = answered(square(8, 8, 4))
    moved = [
        replace(o, value=o.value - 2 * (o.listener == "l1") - 3 * (o.utterance == "u5"))
        for o in judgments
    ]
    for before, after in zip(differences(judgments), differences(moved), strict=True):
        assert after.found.value == pytest.approx(before.found.value)
        assert after.found.se == pytest.approx(before.found.se)
        assert after.wilcoxon_p == pytest.approx(before.wilcoxon_p)


def test_systems_without_a_common_utterance_can_not_be_compared() -> None:
    judgments = [
        replace(one, utterance=f"{one.system} {one.utterance}") for one in answered(full(6, 6, 2))
    ]
    (one,) = differences(judgments)
    assert one.found.value is None
    assert "nothing to compare by" in one.found.why


def test_one_system_has_no_difference_and_few_listeners_no_interval() -> None:
    assert differences(answered(full(6, 6, 1))) == []
    (row,) = table(answered(full(3, 6, 2)))
    assert row["difference"] is not None
    assert row["low"] is None
    assert "here are 3 and 6" in row["why"]


def test_the_smallest_detectable_difference_is_that_found_in_four_of_five_studies() -> None:
    """Two systems that far apart are found different in 80 % of simulated studies."""
    trials, alike = full(12, 12, 2), Truth({"s0": 3.0, "s1": 3.0}, {})
    studies = [
        differences(simulate(PROTOCOL, trials, alike, seed=seed))[0].found for seed in range(100)
    ]
    smallest = np.mean([smallest_detectable(one.se, one.df) for one in studies])
    noticed = [abs(one.value + smallest) > one.value - one.low for one in studies]
    assert 0.7 < np.mean(noticed) < 0.9
