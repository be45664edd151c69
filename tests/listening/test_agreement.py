import numpy as np
import pytest

from emostudio.listening.agreement import alpha, fleiss, icc, table
from emostudio.listening.judgments import Judgment

# Four observers and twelve units, from section D of Krippendorff (2011), Computing Krippendorff's
# alpha-reliability; 0 is a missing value.
KRIPPENDORFF = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
    [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
]
# Six targets and four judges, table 2 of Shrout & Fleiss (1979), Intraclass correlations.
SHROUT = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
# Ten subjects, fourteen raters and five categories: counts of the worked example in Wikipedia's
# article on Fleiss' kappa.
FLEISS = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]


def listed(rows: list[list[int]], missing: int | None = None) -> tuple[tuple[int, ...], ...]:
    """Values, items and raters of a table of raters by items."""
    cells = [
        (value, item, rater)
        for rater, row in enumerate(rows)
        for item, value in enumerate(row)
        if value != missing
    ]
    return tuple(zip(*cells, strict=True))


@pytest.mark.parametrize(
    ("level", "expected"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_alpha_is_that_of_krippendorffs_example(level: str, expected: float) -> None:
    values, items, _ = listed(KRIPPENDORFF, missing=0)
    assert alpha(values, items, level) == pytest.approx(expected, abs=5e-4)


def test_alpha_of_names_needs_no_order() -> None:
    values, items, _ = listed(KRIPPENDORFF, missing=0)
    names = [f"emotion {6 - value}" for value in values]
    assert alpha(names, items, "nominal") == pytest.approx(alpha(values, items, "nominal"))


def test_full_agreement_is_one_and_chance_is_nothing() -> None:
    items = [0, 0, 1, 1, 2, 2]
    assert alpha([1, 1, 2, 2, 5, 5], items, "ordinal") == 1
    rng = np.random.default_rng(0)
    noise = rng.integers(1, 6, 4000)
    assert abs(alpha(noise, np.arange(4000) // 4, "interval")) < 0.03


def test_alpha_has_no_value_without_two_answers_or_with_equal_ones() -> None:
    assert alpha([], [], "nominal") is None
    assert alpha([1, 2], [0, 1], "nominal") is None
    assert alpha([3, 3], [0, 0], "interval") is None


def test_icc_is_that_of_shrout_and_fleiss() -> None:
    values, items, raters = listed(np.transpose(SHROUT).tolist())
    assert icc(values, items, raters) == pytest.approx((0.29, 0.62), abs=5e-3)


def test_icc_with_holes_is_right_on_average() -> None:
    rng = np.random.default_rng(1)
    found = []
    for _ in range(60):
        y = rng.normal(0, 1, 40)[:, None] + rng.normal(0, 0.7, 12) + rng.normal(0, 1, (40, 12))
        kept = rng.random(y.shape) < 0.4
        items, raters = np.nonzero(kept)
        found.append(icc(y[kept], items, raters)[0])
    assert np.mean(found) == pytest.approx(1 / (1 + 0.49 + 1), abs=0.03)


def test_icc_of_one_clip_or_one_rater_has_no_value() -> None:
    assert icc([], [], []) is None
    assert icc([1, 2], [0, 0], [0, 1]) is None
    assert icc([1, 2], [0, 1], [0, 0]) is None
    assert icc([1, 2], [0, 1], [0, 1]) is None


def test_fleiss_kappa_of_a_worked_table() -> None:
    cells = [
        (category, item)
        for item, row in enumerate(FLEISS)
        for category, n in enumerate(row)
        for _ in range(n)
    ]
    assert fleiss(*zip(*cells, strict=True)) == pytest.approx(0.210, abs=5e-4)


def test_fleiss_kappa_needs_as_many_answers_for_every_clip() -> None:
    assert fleiss([1, 2, 1], [0, 0, 1]) is None
    assert fleiss([1, 2], [0, 1]) is None
    assert fleiss([], []) is None


def test_the_table_has_a_row_for_each_question_that_was_answered() -> None:
    answers = [
        Judgment(f"l{who}", "s", f"u{what}", emotion="sad", intensity=what / 5)
        for who in range(3)
        for what in range(4)
    ]
    emotion, intensity = table(answers)
    assert emotion["alpha, nominal"] is None
    assert "All answers are equal" in emotion["why"]
    assert intensity["alpha, interval"] == 1
    assert intensity["ICC(2,1)"] == pytest.approx(1)
    assert "two listeners" in table(answers[:4])[0]["why"]
    assert table([]) == []


def test_a_comparison_agrees_whichever_system_is_named_first() -> None:
    one = Judgment("l1", "a", "u", other_system="b", stimulus="x", other="y", value=1)
    same = Judgment("l2", "b", "u", other_system="a", stimulus="y", other="x", value=-1)
    other = Judgment("l1", "a", "v", other_system="b", stimulus="p", other="q", value=-1)
    again = Judgment("l2", "a", "v", other_system="b", stimulus="p", other="q", value=-1)
    assert table([one, same, other, again])[0]["alpha, nominal"] == 1
