from typing import Any

import numpy as np
import pytest

from emostudio.listening import levels
from emostudio.listening.judgments import Judgment


def heard(asked: float | None, value: float | None, listener: str = "l", **fields: Any) -> Judgment:
    return Judgment(listener, "s", "u", asked_intensity=asked, value=value, **fields)


def test_a_given_intensity_has_the_level_of_an_asked_one() -> None:
    assert levels.heard_level(heard(0.5, None, intensity=0.9)) == 3
    assert levels.heard_level(heard(0.5, 2.0)) == 2
    assert levels.heard_level(heard(0.5, None)) is None


def test_each_asked_level_is_shared_out_over_heard_ones() -> None:
    rows = levels.table([heard(0.3, 1), heard(0.3, 2), heard(0.9, 3, asked_emotion="sad")])
    whole = {(r["asked"], r["heard"]): r["share"] for r in rows if r["emotion"] == "all"}
    assert whole["weak", "weak"] == whole["weak", "medium"] == 0.5
    assert whole["strong", "strong"] == 1
    assert ("medium", "medium") not in whole
    assert [r["share"] for r in rows if r["emotion"] == "sad"] == [0, 0, 1]


@pytest.mark.parametrize(
    ("asked", "said", "kappa"),
    [
        ([1, 2, 3], [1, 2, 3], 1.0),
        ([1, 3, 1, 3], [1, 1, 3, 3], 0.0),
        # By hand: squared distances seen 0+1+0+1, by chance (0+1+1+4 + 0+1+1+4 ...) / 4 = 5.5
        ([1, 1, 3, 3], [1, 2, 3, 2], 1 - 2 / 6),
    ],
)
def test_quadratic_kappa(asked: list[int], said: list[int], kappa: float) -> None:
    assert levels.kappa(np.array(asked), np.array(said)) == pytest.approx(kappa)


def test_resampled_kappas_are_those_of_scikit_learn() -> None:
    """Each listener drawn alone has the kappa of their own answers."""
    rng = np.random.default_rng(0)
    asked, said = rng.integers(1, 4, 60), rng.integers(1, 4, 60)
    low, high = levels._resampled(asked, said, np.zeros(60, int), seed=0)
    assert low == high == pytest.approx(levels.kappa(asked, said))


def test_who_hears_what_was_asked_has_rank_correlation_one() -> None:
    answers = [
        heard(asked, level, f"l{who}")
        for who in range(6)
        for asked, level in ((0.3, 1), (0.6, 2), (0.9, 3))
    ]
    (row,) = levels.agreement_table(answers)
    assert row["kappa"] == row["Spearman, median"] == 1
    assert row["listeners above 0"] == 6
    assert row["low"] == row["high"] == 1


def test_one_level_is_no_agreement() -> None:
    (row,) = levels.agreement_table([heard(0.3, 1)])
    assert row["kappa"] is None
    assert "more than one level" in row["why"]


def test_levels_need_an_asked_intensity() -> None:
    assert levels.table([heard(None, 1)]) == []
    assert levels.means_table([heard(None, 1)]) == []
