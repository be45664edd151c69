"""Run suites and write report.json, takes.csv and report.html."""

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from emostudio.evaluation import (
    ablations,
    asked,
    diemo,
    diemo_clusters,
    diemo_probes,
    environment,
    figures,
    held_out,
    page,
    probes,
    speech,
    units,
    zest,
)
from emostudio.evaluation.asked import Size
from emostudio.evaluation.goals import goals
from emostudio.evaluation.hearing import Hearing
from emostudio.evaluation.real import Recordings
from emostudio.evaluation.speech import Judged, Speaker
from emostudio.evaluation.zest import Converter
from emostudio.models.alignment import PhonemeNet
from emostudio.models.checkpoint import NETS, Store
from emostudio.models.content import ContentEncoder
from emostudio.models.hubert import HubertContent
from emostudio.models.speaker import SpeakerEncoder
from emostudio.models.vocoder import Vocoder
from emostudio.models.zest.net import Zest

OF_RECORDINGS = (
    "ser",
    "speaker",
    "vocoder",
    "zest",
    "units",
    "clusters",
    "diemo",
    "diemo-ablations",
)
OF_RUNS = ("ablations", "diemo-ablations")


class Both(Speaker, Converter, Protocol):
    """What all suites together need of the studio."""


@dataclass(frozen=True)
class Order:
    """What to measure: suites, real recordings, where runs of ablations lie, how much."""

    out: Path
    suites: tuple[str, ...]
    corpora: Path | None = None
    runs: Path | None = None
    quick: bool = False
    judges: Path = field(default_factory=environment.default_environment)


def evaluate(
    order: Order,
    store: Store,
    studio: Callable[[str], Both],
    *,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Measure, write the report to `order.out` and return it.

    `studio` opens one on the models of a folder, "" for those in use. Where outside judges or
    recordings are missing, the report says so and holds what can be measured without them.

    Raises:
        ValueError: a suite needs a folder that was not given, or that holds nothing.
    """
    real = Recordings.of(order.corpora) if order.corpora is not None else None
    lacking = [s for s in order.suites if s in OF_RECORDINGS and real is None]
    if lacking:
        raise ValueError(f"The suite '{lacking[0]}' needs --corpora, a folder of recordings.")
    lacking = [s for s in order.suites if s in OF_RUNS and order.runs is None]
    if lacking:
        raise ValueError(f"The suite '{lacking[0]}' needs --runs, a folder of models for each run.")
    order.out.mkdir(parents=True, exist_ok=True)
    report: dict[str, Any] = {"models": _hashes(store), "quick": order.quick, "missing": {}}
    for suite in order.suites:
        say(f"suite {suite}")
        found = _measured(suite, order, store, studio, real, say)
        report["missing"] |= found.pop("missing", {})
        report |= found
        report["goals"] = goals(report)
        # After each suite, so that what was measured is not lost to what fails after it.
        text = json.dumps(report, indent=2, ensure_ascii=False)
        (order.out / "report.json").write_text(text + "\n", encoding="utf-8")
        (order.out / "report.html").write_text(page.render(report), encoding="utf-8")
    return report


def _measured(
    suite: str,
    order: Order,
    store: Store,
    studio: Callable[[str], Both],
    real: Recordings | None,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """The part of the report that a suite gives, and whom it missed."""
    quick, judges = order.quick, order.judges
    if suite == "ser" and real is not None:
        return {"ser": held_out.emotion(Hearing(store), real, clips=24 if quick else 0)}
    if suite == "speaker" and real is not None:
        net = store.load(SpeakerEncoder)
        return {"speaker": held_out.speaker(net, real, clips=6 if quick else 0)}
    if suite == "vocoder" and real is not None:
        clips, net = 4 if quick else 16, store.load(Vocoder)
        copies = held_out.vocoder(net, real, order.out, clips=clips, judges=judges)
        return {"missing": copies.pop("missing"), "vocoder": copies}
    if suite == "ablations" and order.runs is not None:
        hearing = Hearing(store)
        rows, missing = ablations.compare(
            order.runs, hearing, studio, real, order.out, judges=judges, quick=quick
        )
        return {"ablations": rows, "missing": missing}
    if suite == "zest" and real is not None:
        found, missing = zest.compare(
            studio, store, real, order.out, judges=judges, runs=order.runs, quick=quick, say=say
        )
        return {"zest": found, "missing": missing}
    if suite == "units" and real is not None:
        kind = HubertContent if store.load(Zest).config.content == "hubert" else ContentEncoder
        return {
            "units": units.measure(store.load(kind), store.load(PhonemeNet), real, quick=quick),
            "probes": probes.measure(store, real, quick=quick),
        }
    if suite == "clusters" and real is not None:
        return {"clusters": diemo_clusters.measure(store, real, quick=quick)}
    if suite == "diemo" and real is not None:
        found, missing = diemo.compare(
            studio, store, real, order.out, judges=judges, quick=quick, say=say
        )
        heard = diemo_probes.measure(store, real, quick=quick)
        return {"diemo": found, "diemo_probes": heard, "missing": missing}
    if suite == "diemo-ablations" and real is not None and order.runs is not None:
        rows, missing = diemo.ablate(
            studio, store, real, order.out, runs=order.runs, judges=judges, quick=quick, say=say
        )
        return {"diemo_ablations": rows, "missing": missing}
    size = Size.quick() if quick else Size()
    return _speak(order, Hearing(store), studio(""), real, size, say)


def _speak(
    order: Order,
    hearing: Hearing,
    studio: Speaker,
    real: Recordings | None,
    size: Size,
    say: Callable[[str], None],
) -> dict[str, Any]:
    plan = asked.everything(studio.emotions(), tuple(studio.voices()), real, size)
    say(f"speaking {len(plan)} takes")
    speech.make(studio, plan, order.out)
    say("judging them")
    judged = speech.judge(plan, hearing, real, order.out, size=size, judges=order.judges)
    _write_table(judged, order.out / "takes.csv")
    found: dict[str, Any] = {
        "speech": figures.by_emotion(judged),
        "real": figures.real(judged),
        "mixing": figures.mixing(judged),
        "intensity": figures.intensity(judged),
        "same_sentence": figures.same_sentence(judged),
        "readers": figures.readers(judged),
        "presets": figures.presets(judged),
        "german": figures.german(judged, hearing, real, order.out / "takes"),
        "missing": judged.missing | ({} if real else {"recordings": "no --corpora was given"}),
    }
    return found


def _write_table(judged: Judged, file: Path) -> None:
    """One line a take: what was asked and what each judge heard, for statistics of one's own."""
    columns = ["part", "file", "sentence", "speaker", "about", "text", "judge", "recognizer"]
    columns += ["word_errors", "words", "p808", "mcd", "log_f0_error", "floor_db"]
    with file.open("w", encoding="utf-8", newline="") as lines:
        table = csv.DictWriter(lines, columns)
        table.writeheader()
        for ask in judged.asked:
            own, outside = judged.own[ask.file], judged.outside.get(ask.file, {})
            row = {
                "part": ask.part,
                "file": ask.file,
                "sentence": ask.sentence,
                "speaker": ask.speaker,
                "about": json.dumps(ask.about),
                "text": ask.request.text,
                "floor_db": round(own.floor_db, 2),
            }
            row |= {
                ear: json.dumps({k: round(p, 4) for k, p in listen(own).items()})
                for ear, listen in figures.EARS.items()
            }
            if "errors" in outside:
                row |= {"word_errors": outside["errors"], "words": len(outside["said"])}
            if "p808" in outside:
                row["p808"] = round(outside["p808"], 3)
            row |= {k: round(v, 4) for k, v in judged.pairs.get(ask.file, {}).items()}
            table.writerow(row)


def _hashes(store: Store) -> dict[str, str]:
    return {
        name: store.sha256(name)
        for name, _ in NETS.values()
        if (store.folder(name) / "model.safetensors").is_file()
    }
