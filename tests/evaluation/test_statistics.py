"""Intervals and rank correlations on numbers whose answer is known."""

import numpy as np
import pytest

from emostudio.evaluation.statistics import estimate, rank_correlation


def test_a_ratio_is_the_sum_of_errors_by_the_sum_of_words() -> None:
    found = estimate([0, 5], [90, 10])
    assert found.value == pytest.approx(0.05)
    assert found.low <= found.value <= found.high
    assert found.n == 2


def test_equal_amounts_leave_no_doubt() -> None:
    found = estimate([1.0] * 8)
    assert (found.value, found.low, found.high) == (1, 1, 1)


def test_takes_of_one_sentence_count_as_one() -> None:
    rng = np.random.default_rng(0)
    sentence = rng.normal(size=10)
    amounts, groups = np.repeat(sentence, 9), np.repeat(np.arange(10), 9)
    naive, clustered = estimate(amounts), estimate(amounts, None, groups)
    assert clustered.n == 10
    assert clustered.high - clustered.low > 2.5 * (naive.high - naive.low)


def test_an_interval_of_95_percent_holds_the_truth_about_as_often() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(200):
        found = estimate(rng.normal(3.0, 1.0, size=40))
        held += found.low <= 3.0 <= found.high
    assert 0.88 <= held / 200 <= 0.99


def test_nothing_gives_no_estimate() -> None:
    with pytest.raises(ValueError, match="nothing to estimate"):
        estimate([])


def test_ranks_know_order_alone() -> None:
    weights = (0.0, 0.2, 0.4, 0.6, 0.8)
    assert rank_correlation(weights, [1, 2, 30, 400, 5000]) == 1
    assert rank_correlation(weights, [5, 4, 3, 2, 1]) == -1
    assert rank_correlation(weights, [1, 1, 1, 1, 1]) == 0
