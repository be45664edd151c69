"""What the suites `diemo` and `diemo-ablations` found, as tables for the page and the console."""

from collections.abc import Iterator
from typing import Any

from emostudio.evaluation import diemo_paper
from emostudio.evaluation.diemo_plan import PARTS
from emostudio.evaluation.tables import Shown, Table, of_probes, shown
from emostudio.values import EMOTIONS

# Columns of a transfer: the first of each is its name in the report.
MEASURES = {
    "word_error": "word error",
    "p808": "opinion",
    "voice_similarity": "voice similarity",
    "judge_similarity": "emotion similarity, judge",
    "recognizer_similarity": "emotion similarity, recognizer",
    "judge_hit": "emotion heard, judge",
    "recognizer_hit": "emotion heard, recognizer",
}
# Agreement of clusters with labels, and what stands beside it.
AGREEMENT = {
    "matched": "matched and sharpened",
    "by_places": "matched alone, by places",
    "by_angles": "matched alone, by angles about neutral, as published",
    "named_apart": "each actor's named apart, the most that matching could reach",
    "unmatched": "k-means alone, numbered by lot",
    "chance": "clips dealt by lot",
}
PROBES = {
    "probe_emotion_of_unheard": "emotion probe",
    "probe_speaker": "speaker probe",
    "probe_speaker_of_readers": "reader probe",
}


def tables(report: dict[str, Any], show: Shown = shown) -> Iterator[Table]:
    """All tables that a report has figures for."""
    if "clusters" in report:
        scores = {n: report["clusters"][n] for n in ("five", "eight") if n in report["clusters"]}
        yield _clusters(scores, show)
        yield from (_confusion(name, of["confusion"]) for name, of in scores.items())
        yield _attributes(report["clusters"]["attributes"], show)
    if "diemo_probes" in report:
        title = "Linear probes of emotion embeddings"
        yield of_probes(title, report["diemo_probes"], show)
    if "diemo" in report:
        yield _transfers(report["diemo"], show)
    if "diemo_ablations" in report:
        yield _ablations(report["diemo_ablations"], show)


def _clusters(scores: dict[str, Any], show: Shown) -> Table:
    """Agreement of clusters with labels: of all clips and, where labels name them, by emotion."""
    emotions = [name for name in EMOTIONS if any(name in of["recall"] for of in scores.values())]
    rows = []
    for name, of in scores.items():
        for key, what in AGREEMENT.items():
            recall = of["recall"] if key == "matched" else {}
            by_emotion = (show(recall.get(emotion)) for emotion in emotions)
            rows.append((f"{name}: {what}", show(of[key]), *by_emotion))
        for points, share in of["k_means_of"].items():
            told = f"{name}: matched and sharpened, starting from k-means of {points}"
            rows.append((told, show(share), *[""] * len(emotions)))
    of = diemo_paper.CLUSTERS
    by_emotion = (show(of.get(name)) for name in emotions)
    rows.append(("five: published list, of other actors", show(of["all"]), *by_emotion))
    head = ("clusters within each actor", "agreement", *emotions)
    return Table("Clusters found without labels against the labels", head, rows)


def _confusion(name: str, counts: dict[str, dict[str, int]]) -> Table:
    rows = [(true, *(str(of.get(name, 0)) for name in counts)) for true, of in counts.items()]
    head = ("label", *counts)
    return Table(f"Clips by label and by the name of their cluster, {name} emotions", head, rows)


def _attributes(found: dict[str, Any], show: Shown) -> Table:
    rows = [(corpus, *map(show, of.values())) for corpus, of in found.items()]
    head = ("corpus", *next(iter(found.values()), {}))
    return Table("Attributes told of unheard actors, concordance with their labels'", head, rows)


def _transfers(found: dict[str, Any], show: Shown) -> Table:
    """Both engines part by part, recordings from the same judges, and what is published."""
    rows = [
        (system, f"{part}, {PARTS[part]}" if part in PARTS else part, *_cells(row, show))
        for system, of in found["systems"].items()
        for part, row in of.items()
    ]
    rows += [("recordings", name, *_cells(row, show)) for name, row in found["real"].items()]
    rows += [("published", "by judges of their own", *_published("DiEmo-TTS", show))]
    head = ("who speaks", "emotion given", "takes", *MEASURES.values())
    return Table("Emotion of somebody else in a voice that never acted", head, rows)


def _ablations(found: dict[str, Any], show: Shown) -> Table:
    rows = [
        (
            name,
            show(row.get("minutes")),
            show(row.get("steps")),
            *_cells(row, show),
            *(show(row.get(probe)) for probe in PROBES),
        )
        for name, row in found.items()
    ]
    rows += [
        (f"published: {name}", "", "", *_published(name, show), *[""] * len(PROBES))
        for name in diemo_paper.TRANSFER
    ]
    head = ("run", "minutes", "steps", "takes", *MEASURES.values(), *PROBES.values())
    return Table("DiEmo: runs of equal minutes, emotion by a clip", head, rows)


def _cells(row: dict[str, Any], show: Shown) -> list[str]:
    return [show(row.get(name)) for name in ("takes", *MEASURES)]


def _published(name: str, show: Shown) -> list[str]:
    """The cells of a published line, whose judges are others of the same kind."""
    of = diemo_paper.TRANSFER[name]
    known = {
        "word_error": of.word_error,
        "voice_similarity": of.voice_similarity,
        "judge_similarity": of.emotion_similarity,
    }
    return ["", *(show(known.get(measure)) for measure in MEASURES)]
