"""The promise of every interval: it holds the truth in 95 % of studies."""

import numpy as np
import pytest

from emostudio.listening.clusters import naive
from emostudio.listening.differences import differences
from emostudio.listening.judgments import Judgment
from emostudio.listening.means import by_system, estimates
from emostudio.listening.pairs import comparisons
from emostudio.listening.protocol import Protocol
from emostudio.listening.simulate import Truth, expected_grade, simulate
from tests.listening.plans import against, full, square

MOS, CMOS = Protocol("mos", "t"), Protocol("cmos", "t")
ALIKE = Truth(dict.fromkeys(("s0", "s1", "s2", "s3"), 3.0), {}, first_bias=0.0)
TRUE = expected_grade(3.0, ALIKE.spread.of_grade, MOS.grades)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trials", "studies"),
    [(full(20, 20, 2), 500), (square(20, 20, 4), 400)],
    ids=["full", "square"],
)
def test_intervals_of_means_and_differences_hold(trials: list[Judgment], studies: int) -> None:
    means, gaps, narrow = [], [], []
    for seed in range(studies):
        answers = simulate(MOS, trials, ALIKE, seed=seed)
        means += [one.low <= TRUE <= one.high for one in estimates(answers).values()]
        gaps += [one.found.low <= 0 <= one.found.high for one in differences(answers)]
        for rated in by_system(answers).values():
            low, high = naive([value for value, _, _ in rated])
            narrow.append(low <= TRUE <= high)
    assert 0.93 <= np.mean(means) <= 0.97
    assert 0.93 <= np.mean(gaps) <= 0.97
    assert np.mean(narrow) < 0.75  # what is labeled as in older papers


@pytest.mark.slow
def test_intervals_of_comparisons_hold() -> None:
    trials = against(18, 18, 3)
    found = [
        one.found.low <= 0 <= one.found.high
        for seed in range(300)
        for one in comparisons(simulate(CMOS, trials, ALIKE, seed=seed))
    ]
    assert 0.93 <= np.mean(found) <= 0.97


@pytest.mark.slow
def test_wilcoxon_over_both_means_rarely_finds_what_is_not_there() -> None:
    wrong = [
        one.wilcoxon_p < 0.05
        for seed in range(300)
        for one in differences(simulate(MOS, full(15, 15, 2), ALIKE, seed=seed))
    ]
    assert np.mean(wrong) <= 0.08
