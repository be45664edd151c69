import numpy as np
import pytest
import statsmodels.api as sm

from emostudio.listening.clusters import holm, mean, naive

Uneven = tuple[np.ndarray, np.ndarray, np.ndarray]


@pytest.fixture
def uneven() -> Uneven:
    """Answers of listeners who skipped many utterances, some of which they heard twice."""
    rng = np.random.default_rng(3)
    who, what = rng.integers(0, 9, 150), rng.integers(0, 12, 150)
    effects = rng.normal(size=9)[who] + rng.normal(size=12)[what]
    return np.round(3 + effects + rng.normal(size=150)), who, what


def test_the_two_way_error_is_that_of_statsmodels(uneven: Uneven) -> None:
    y, who, what = uneven
    groups = np.column_stack([who, what])
    theirs = sm.OLS(y, np.ones(len(y))).fit(cov_type="cluster", cov_kwds={"groups": groups})
    found = mean(y, who, what)
    assert found.se == pytest.approx(theirs.bse[0], rel=1e-10)
    assert found.value == pytest.approx(y.mean())
    assert found.df == 8


def test_names_of_listeners_do_not_matter(uneven: Uneven) -> None:
    y, who, what = uneven
    names = [f"listener {one}" for one in who]
    assert mean(y, names, what) == mean(y, 8 - who, what)


def test_equal_answers_of_one_listener_add_nothing_to_what_is_known() -> None:
    """Who answers ten times the same is still one listener."""
    once = mean([1, 2, 3, 4, 5, 4], "abcdef", "uvwxyz")
    often = mean([1, 2, 3, 4, 5, 4] * 10, [*"abcdef"] * 10, [*"uvwxyz"] * 10)
    assert often.se == pytest.approx(once.se)
    low, high = naive([1, 2, 3, 4, 5, 4] * 10)
    assert high - low < (often.high - often.low) / 2


@pytest.mark.parametrize(
    ("values", "listeners", "utterances", "why"),
    [
        ([], [], [], "Nobody has answered"),
        ([4], ["a"], ["u"], "here are 1 and 1"),
        ([4, 5, 3, 4, 2], [*"abcde"], ["u"] * 5, "here are 5 and 1"),
        ([4] * 5, [*"abcde"], [*"uvwxy"], "All answers are equal"),
    ],
)
def test_what_can_not_be_told_has_a_reason(
    values: list[float], listeners: list[str], utterances: list[str], why: str
) -> None:
    found = mean(values, listeners, utterances)
    assert found.low is None
    assert found.high is None
    assert why in found.why


def test_holm_multiplies_the_smallest_p_by_the_number_of_questions() -> None:
    assert holm([0.01, None, 0.5, 0.02]) == pytest.approx([0.03, None, 0.5, 0.04])
    assert holm([None]) == [None]


def test_one_answer_has_no_naive_interval() -> None:
    assert naive([3.0]) is None
