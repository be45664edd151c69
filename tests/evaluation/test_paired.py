"""Intervals of paired differences: they hold the truth as often as they say."""

import numpy as np
import pytest

from emostudio.evaluation.paired import Difference, difference

RUNS = 400


def test_a_system_beside_itself_differs_by_nothing() -> None:
    found = difference([0.3, 0.8, 0.5], [0.3, 0.8, 0.5])
    assert found == Difference(found.base, found.base, 0.0, 0.0, 3)
    hits = difference([1, 0, 1], [1, 0, 1], hits=True)
    assert hits.candidate - hits.base == 0
    assert hits.low < 0 < hits.high  # three clips don't prove that two systems are alike


def test_errors_are_out_of_their_sizes_and_hits_are_weighed() -> None:
    errors = difference([1, 4], [2, 2], sizes=[10, 40])
    assert (errors.base, errors.candidate) == (0.1, 0.08)
    recall = difference([1, 1, 0], [1, 1, 1], sizes=[0.5, 0.5, 1], hits=True)
    assert (recall.base, recall.candidate) == (0.5, 1.0)


def test_takes_of_one_sentence_are_one() -> None:
    gained = np.repeat([0.4, -0.1, 0.2, 0.0], 9)
    alone = difference(np.zeros(36).tolist(), gained.tolist())
    together = difference(
        np.zeros(36).tolist(), gained.tolist(), groups=np.repeat(range(4), 9).tolist()
    )
    assert together.n == 4
    assert together.high - together.low > 3 * (alone.high - alone.low)


def test_a_few_clips_that_changed_prove_nothing_until_they_are_many() -> None:
    base = [1.0] * 100
    four, eight = ([0.0] * n + [1.0] * (100 - n) for n in (4, 8))
    assert difference(base, four, hits=True).high > 0
    assert difference(base, eight, hits=True).high < 0


def test_one_sentence_is_too_few() -> None:
    with pytest.raises(ValueError, match="Two clips"):
        difference([1, 0], [0, 0], groups=["same", "same"])


@pytest.mark.parametrize("n", [4, 6, 16])
def test_an_interval_of_scores_holds_the_truth_in_95_of_100_cases(n: int) -> None:
    rng = np.random.default_rng(n)
    held = 0
    for _ in range(RUNS):
        found = difference(np.zeros(n).tolist(), rng.normal(0.3, 1.0, n).tolist())
        held += found.low <= 0.3 <= found.high
    assert 0.92 <= held / RUNS <= 0.98


@pytest.mark.parametrize(("n", "lost", "won"), [(10, 0.2, 0.2), (50, 0.3, 0.1), (120, 0.1, 0.1)])
def test_an_interval_of_hits_holds_the_truth_in_95_of_100_cases(
    n: int, lost: float, won: float
) -> None:
    rng = np.random.default_rng(n)
    held = 0
    for _ in range(RUNS):
        drawn = rng.random(n)
        base = (drawn < lost).astype(float)
        candidate = (drawn > 1 - won).astype(float)
        found = difference(base.tolist(), candidate.tolist(), hits=True)
        held += found.low <= won - lost <= found.high
    assert 0.92 <= held / RUNS <= 1.0


def test_an_interval_of_hits_by_sentence_is_not_fooled_by_takes_that_are_alike() -> None:
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(RUNS):
        # Each of six sentences is a little easier for one of the two.
        ease = np.repeat(rng.normal(0, 0.1, 6), 9)
        drawn = rng.random(54)
        base, candidate = drawn < 0.15 - ease, drawn > 0.85 - ease
        groups = np.repeat(range(6), 9).tolist()
        found = difference(
            base.astype(float).tolist(), candidate.astype(float).tolist(), groups=groups, hits=True
        )
        refused += found.high < 0
    assert refused / RUNS <= 0.045  # 2.5 % and what chance adds
