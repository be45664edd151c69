"""Mean opinion scores by system, each with the interval that holds and that of older papers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from emostudio.listening.clusters import Estimate, mean, naive
from emostudio.listening.judgments import Judgment
from emostudio.listening.scales import Scale

Row = dict[str, Any]
ENDS = ("low", "high")  # how the names of columns end that have the ends of an interval


def grade(judgment: Judgment) -> float | None:
    """What most means are of."""
    return judgment.value


def by_system(
    judgments: Sequence[Judgment], score: Callable[[Judgment], float | None] = grade
) -> dict[str, list[tuple[float, str, str]]]:
    """Return score, listener and utterance of each answer that has a score, by system."""
    groups: dict[str, list[tuple[float, str, str]]] = {}
    for one in judgments:
        value = score(one)
        if value is not None:
            groups.setdefault(one.system, []).append((value, one.listener, one.utterance))
    return dict(sorted(groups.items()))


def estimates(
    judgments: Sequence[Judgment], score: Callable[[Judgment], float | None] = grade
) -> dict[str, Estimate]:
    """Mean score of each system."""
    return {
        system: mean(*zip(*answers, strict=True))
        for system, answers in by_system(judgments, score).items()
    }


def table(
    judgments: Sequence[Judgment], score: Callable[[Judgment], float | None] = grade
) -> list[Row]:
    """Mean by system, the best first, beside the naive interval of older papers."""
    rows = []
    for system, answers in by_system(judgments, score).items():
        narrow = naive([value for value, _, _ in answers])
        rows.append(
            {"system": system}
            | shown(mean(*zip(*answers, strict=True)), "mean")
            | {
                "naive low": None if narrow is None else round(narrow[0], 4),
                "naive high": None if narrow is None else round(narrow[1], 4),
            }
        )
    return sorted(rows, key=lambda row: -row["mean"])


def shares_table(
    judgments: Sequence[Judgment], score: Callable[[Judgment], float | None]
) -> list[Row]:
    """Like `table`, of scores that are 0 or 1: what can't be a share is cut off."""
    return [cut(row) for row in table(judgments, score)]


def cut(row: Row) -> Row:
    """Return a row whose ends of intervals are shares."""
    return {
        name: min(max(value, 0.0), 1.0) if value is not None and name.endswith(ENDS) else value
        for name, value in row.items()
    }


def shown(found: Estimate, name: str) -> Row:
    """Return the columns of an estimate as tables have them."""
    return {
        name: rounded(found.value),
        "low": rounded(found.low),
        "high": rounded(found.high),
        "answers": found.answers,
        "listeners": found.listeners,
        "utterances": found.utterances,
        "why": found.why,
    }


def rounded(value: float | None, digits: int = 4) -> float | None:
    """Round what is a number."""
    return None if value is None else round(float(value), digits)


def histogram(judgments: Sequence[Judgment], scale: Scale) -> list[Row]:
    """How often each grade was given, by system: what a mean hides."""
    rows = []
    for system, answers in by_system(judgments).items():
        counts = Counter(value for value, _, _ in answers)
        rows += [
            {
                "system": system,
                "grade": number,
                "label": label,
                "count": counts[number],
                "share": round(counts[number] / len(answers), 4),
            }
            for number, label in scale.grades.items()
        ]
    return rows
