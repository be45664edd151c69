"""What the suites `zest` and `units` found, as tables for the page and the console."""

from collections.abc import Iterator
from typing import Any

from emostudio.evaluation import zest_paper
from emostudio.evaluation.tables import Shown, Table, of_probes, shown
from emostudio.evaluation.zest import ALL, IDENTITY, MAIN
from emostudio.evaluation.zest_plan import SETTINGS


def tables(report: dict[str, Any], show: Shown = shown) -> Iterator[Table]:
    """All tables that a report has figures for."""
    if "zest" in report:
        yield _settings(report["zest"], show)
        yield _systems(report["zest"], show)
    if "units" in report:
        yield _units(report["units"], show)
    if "probes" in report:
        yield of_probes("Linear probes of embeddings", report["probes"], show)


def _settings(found: dict[str, Any], show: Shown) -> Table:
    """The paper's table: ours beside what is published, setting by setting."""
    systems, head = found["systems"], ("setting", "conversions", "emotion, judge", "published")
    head += ("emotion, recognizer", "word error", "of sources", "published, characters")
    head += ("phoneme error", "of sources", "speaker first", "published", "similarity", "guarded")
    rows = []
    for setting, row in systems[MAIN].items():
        source = systems[IDENTITY][setting]
        rows.append(
            (
                f"{setting}, {SETTINGS[setting]}" if setting in SETTINGS else setting,
                show(row["conversions"]),
                show(row["judge_accuracy"]),
                show(zest_paper.EMOTION_ACCURACY["ZEST"].get(setting)),
                show(row["recognizer_accuracy"]),
                show(row.get("word_error")),
                show(source.get("word_error")),
                show(zest_paper.CHARACTER_ERROR.get(setting)),
                show(row["phoneme_error"]),
                show(source["phoneme_error"]),
                show(row.get("speaker_first")),
                show(zest_paper.SPEAKER_ACCURACY.get(setting)),
                show(row.get("similarity")),
                show(row.get("guarded")),
            )
        )
    return Table("Conversion by ZEST", head, rows)


def _systems(found: dict[str, Any], show: Shown) -> Table:
    """Ablations and copies: the judge's accuracy by setting, the rest over all of them."""
    head = ("system", "minutes", "steps", *(f"emotion, {name}" for name in (*SETTINGS, ALL)))
    head += ("word error", "phoneme error", "speaker first", "similarity")
    rows = []
    for name, of in found["systems"].items():
        rest = of[ALL]
        accuracies = (of.get(setting, {}).get("judge_accuracy") for setting in (*SETTINGS, ALL))
        rows.append(
            (
                name,
                show(rest.get("minutes")),
                show(rest.get("steps")),
                *map(show, accuracies),
                show(rest.get("word_error")),
                show(rest["phoneme_error"]),
                show(rest.get("speaker_first")),
                show(rest.get("similarity")),
            )
        )
    beside = found["real"]
    ends = (show(beside.get("speaker_first")), show(beside.get("similarity")))
    rows.append(("actors' own emotional clips", *[""] * (len(head) - 3), *ends))
    for name, of in zest_paper.EMOTION_ACCURACY.items():
        cells = [show(of.get(setting)) for setting in SETTINGS]
        rows.append((f"published: {name}", "", "", *cells, *[""] * 5))
    return Table("Conversion: ablations and copies, emotion as the judge hears it", head, rows)


def _units(found: dict[str, Any], show: Shown) -> Table:
    rows = [
        (measure.replace("_", " "), show(found["all"][measure]), show(found["speech"][measure]))
        for measure in found["all"]
    ]
    title = f"Content units against the aligner's phonemes, {found['clips']} clips, bits"
    return Table(title, ("measure", "all frames", "without silence"), rows)
