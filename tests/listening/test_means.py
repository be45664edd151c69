from typing import Any

from emostudio.listening import means
from emostudio.listening.judgments import Judgment, counted
from emostudio.listening.scales import ACR


def rated(value: float | None, system: str = "a", **fields: Any) -> Judgment:
    return Judgment("l", system, "u", value=value, **fields)


def test_gold_traps_and_repeats_are_not_counted() -> None:
    kept = rated(1)
    others = [rated(5, role="gold"), rated(5, role="trap"), rated(5, repeated=True)]
    assert counted([kept, *others]) == [kept]


def test_the_best_system_comes_first() -> None:
    rows = means.table([rated(2), rated(4, "b"), rated(3)])
    assert [(row["system"], row["mean"]) for row in rows] == [("b", 4.0), ("a", 2.5)]


def test_every_grade_of_the_scale_has_its_bar() -> None:
    rows = means.histogram([rated(2), rated(2), rated(5), rated(4)], ACR)
    assert [row["count"] for row in rows] == [0, 2, 0, 1, 1]
    assert sum(row["share"] for row in rows) == 1
    assert rows[-1]["label"] == "Excellent"


def test_answers_without_a_grade_are_left_out() -> None:
    assert means.table([rated(None)]) == []


def test_a_share_is_neither_below_nothing_nor_above_all() -> None:
    assert means.cut({"mean": 0.9, "high": 1.2, "naive low": -0.1, "low": None}) == {
        "mean": 0.9,
        "high": 1.0,
        "naive low": 0.0,
        "low": None,
    }
