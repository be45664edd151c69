"""All that a study says: tables of plain values that a page, a file or a notebook can show."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from emostudio.listening import (
    agreement,
    confusion,
    differences,
    ladder,
    levels,
    means,
    mixtures,
    pairs,
    screening,
)
from emostudio.listening.judgments import Judgment, counted
from emostudio.listening.methods import Counts, many, paragraph
from emostudio.listening.protocol import Protocol

Row = dict[str, Any]
MAX_PRINTED = 12  # rows of a table in a terminal


@dataclass(frozen=True)
class Table:
    """Rows of the same columns, each a text, a number, true, false or None."""

    title: str
    rows: list[Row]
    note: str = ""


@dataclass(frozen=True)
class Results:
    """What a study says without the listeners that were excluded.

    `tables` are by name; `headline` names the one to look at first. The table "sensitivity" has the
    headline's numbers with and without exclusions. `methods` is a paragraph for a paper.
    """

    kind: str
    title: str
    headline: str
    counts: Counts
    tables: dict[str, Table]
    methods: str

    def rows(self, name: str) -> list[Row]:
        """Return the rows of a table, none where the study has no such table."""
        return self.tables[name].rows if name in self.tables else []

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    def __str__(self) -> str:
        """Show the headline as a terminal does."""
        counts = self.counts
        head = f"{self.title}: {many(counts.answers, 'answer')} of "
        head += many(counts.listeners, "listener")
        return f"{head}\n{_text(self.rows(self.headline))}"


def results_of(
    protocol: Protocol, judgments: Sequence[Judgment], excluded: Collection[str] = ()
) -> Results:
    """Analyze a study.

    Args:
        protocol: what was asked, frozen.
        judgments: every answer, gold, traps and repeats as well, of withdrawn listeners none.
        excluded: listeners left out by an administrator.
    """
    out = set(excluded)
    kept = [one for one in judgments if one.listener not in out]
    verdicts = screening.screen(judgments, protocol)
    failed = screening.failed(verdicts)
    headline, analyze = _TABLES[protocol.kind]
    tables = analyze(protocol, counted(kept)) | {
        "agreement": Table(
            "Agreement of listeners",
            agreement.table(counted(kept)),
            "1 is full agreement, 0 is chance.",
        ),
        "sensitivity": Table(
            "With and without exclusions",
            _sensitivity(
                protocol,
                {
                    "everyone": list(judgments),
                    "without excluded": kept,
                    "without any who failed a rule": [o for o in kept if o.listener not in failed],
                },
            ),
            "What hangs on a few listeners is no result.",
        ),
        "screening": Table(
            "Rules about listeners",
            screening.table(verdicts),
            "Unknown never excludes. Rules and thresholds were frozen with the study.",
        ),
    }
    counts = _counts(judgments, kept, failed)
    return Results(
        protocol.kind,
        protocol.title,
        headline,
        counts,
        tables,
        paragraph(protocol, counts, tables["agreement"].rows),
    )


def _counts(judgments: Sequence[Judgment], kept: Sequence[Judgment], failed: set[str]) -> Counts:
    used = counted(kept)
    everyone = {one.listener for one in judgments}
    systems = {name for one in used for name in (one.system, one.other_system) if name}
    return Counts(
        answers=len(used),
        listeners=len({one.listener for one in used}),
        systems=len(systems),
        utterances=len({one.utterance for one in used}),
        excluded=len(everyone - {one.listener for one in kept}),
        failed=len(failed),
    )


def _opinions(protocol: Protocol, answers: list[Judgment]) -> dict[str, Table]:
    scale = protocol.grades
    assert scale is not None, "checked by Protocol"
    return {
        "means": Table(
            "Mean by system",
            means.table(answers),
            "95 % intervals hold over listeners and utterances. The naive ones are as in older "
            "papers: where everybody hears every clip they cover about half of the time.",
        ),
        "differences": _differences(answers),
        "histogram": Table("Grades given", means.histogram(answers, scale)),
    }


def _comparisons(protocol: Protocol, answers: list[Judgment]) -> dict[str, Table]:
    scale = protocol.grades
    assert scale is not None, "checked by Protocol"
    bias = pairs.first_bias(answers)
    tables = {
        "pairs": Table(
            "Systems against each other",
            pairs.table(answers),
            "Above 0 the first named system is better or stronger; a tie is half a preference.",
        ),
        "ladder": Table(
            "Ladder", ladder.table(answers), "Bradley-Terry points; ranked by the lower end."
        ),
        "histogram": Table("Answers given", pairs.histogram(answers, scale)),
        "first": Table(
            "Is the first clip favored?",
            [means.shown(bias, "first minus second")] if answers else [],
        ),
    }
    if protocol.kind == "intensity_pair":
        right = pairs.stronger(answers)
        tables["stronger"] = Table(
            "Was the one asked to be stronger heard so?",
            [means.cut(means.shown(right, "share"))] if answers else [],
            "0.5 is chance.",
        )
    return tables


def _emotions(protocol: Protocol, answers: list[Judgment]) -> dict[str, Table]:
    found = confusion.confusion(answers, protocol.choices)
    return {
        "means": Table(
            "Share of clips heard as asked, by system",
            means.shares_table(answers, confusion.hit),
            "Of acted voices people hear 40 % to 60 % as intended.",
        ),
        "differences": _differences(answers, confusion.hit),
        "confusion": Table(
            "Asked against heard",
            confusion.by_system_table(answers, protocol.choices),
            "Wilson's intervals.",
        ),
        "emotions": Table(
            "By asked emotion",
            confusion.emotions_table(found),
            'The hit rate of "all" is the balanced accuracy.',
        ),
        "heard": Table("Emotions heard", confusion.heard_table(answers, protocol.choices)),
        **_leveled(answers),
    }


def _levels(protocol: Protocol, answers: list[Judgment]) -> dict[str, Table]:
    return _leveled(answers) | _opinions(protocol, answers)


def _mixtures(protocol: Protocol, answers: list[Judgment]) -> dict[str, Table]:
    return {
        "distances": Table(
            "How far heard mixtures are from asked ones",
            mixtures.distances_table(answers),
            "Jensen-Shannon distance: 0 is the same, 1 is nothing shared. It grows as fewer hear "
            "a clip.",
        ),
        "mixtures": Table("Shares asked and heard", mixtures.table(answers)),
        "heard": Table("Emotions heard", confusion.heard_table(answers, protocol.choices)),
    }


def _labels(protocol: Protocol, answers: list[Judgment]) -> dict[str, Table]:
    heard = confusion.heard_table(answers, protocol.choices)
    return {"heard": Table("Emotions heard", heard)}


def _leveled(answers: list[Judgment]) -> dict[str, Table]:
    return {
        "level means": Table(
            "Level heard, by system and level asked",
            levels.means_table(answers),
            "1 is weak, 2 medium, 3 strong.",
        ),
        "levels": Table("Level asked against level heard", levels.table(answers)),
        "level agreement": Table("Do levels follow?", levels.agreement_table(answers)),
    }


def _differences(
    answers: list[Judgment], score: Callable[[Judgment], float | None] = means.grade
) -> Table:
    return Table(
        "Differences of systems",
        differences.table(answers, score),
        "Differences are found in 80 % of such studies if they are as large as the smallest "
        "detectable one.",
    )


_TABLES: dict[str, tuple[str, Callable[[Protocol, list[Judgment]], dict[str, Table]]]] = {
    "mos": ("means", _opinions),
    "smos": ("means", _opinions),
    "cmos": ("pairs", _comparisons),
    "ab": ("pairs", _comparisons),
    "intensity_pair": ("pairs", _comparisons),
    "emotion_id": ("means", _emotions),
    "intensity": ("level means", _levels),
    "mixed": ("distances", _mixtures),
    "label": ("heard", _labels),
}
_HEADLINES: dict[str, Callable[[Protocol, list[Judgment]], list[Row]]] = {
    "means": lambda protocol, answers: (
        means.shares_table(answers, confusion.hit)
        if protocol.about.names_emotions
        else means.table(answers)
    ),
    "pairs": lambda _, answers: pairs.table(answers),
    "level means": lambda _, answers: levels.means_table(answers),
    "distances": lambda _, answers: mixtures.distances_table(answers),
    "heard": lambda protocol, answers: confusion.heard_table(answers, protocol.choices),
}


def _sensitivity(protocol: Protocol, sets: dict[str, list[Judgment]]) -> list[Row]:
    headline = _HEADLINES[_TABLES[protocol.kind][0]]
    return [
        {"listeners used": name, **row}
        for name, judgments in sets.items()
        for row in headline(protocol, counted(judgments))
    ]


def _text(rows: list[Row]) -> str:
    """Lay a table out in columns."""
    if not rows:
        return "No answers yet."
    empty = [name for name in rows[0] if all(row[name] in (None, "") for row in rows)]
    names = [name for name in rows[0] if name not in empty]
    cells = [names, *([_cell(row[name]) for name in names] for row in rows[:MAX_PRINTED])]
    widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
    lines = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in cells]
    left = len(rows) - MAX_PRINTED
    return "\n".join([*lines, *([f"... and {left} more"] if left > 0 else [])])


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)
