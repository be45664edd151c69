"""The suite `ablations`: runs of equal minutes, each with one thing left out (EmoMix, tables 1, 2).

RUNS/NAME/emomix is a run folder; NAME is what the table calls it.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from emostudio.evaluation import asked, figures, speech
from emostudio.evaluation.asked import Asked, Size
from emostudio.evaluation.hearing import Hearing, label
from emostudio.evaluation.real import Recordings, clip_of
from emostudio.evaluation.speech import Judged, Speaker
from emostudio.evaluation.statistics import estimate
from emostudio.values import Request

HELD_OUT = "angry"


def compare(
    runs: Path,
    hearing: Hearing,
    studio: Callable[[str], Speaker],
    real: Recordings | None,
    out: Path,
    *,
    judges: Path,
    quick: bool = False,
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Measure every run below `runs` by the same sentences and judges; and name missing judges.

    Raises:
        ValueError: no run there.
    """
    found = runs.glob("*/emomix/model.safetensors")
    folders = sorted(f.parent.parent for f in found if (f.parent / "voices.json").is_file())
    if not folders:
        raise ValueError(f"There is no finished RUN/emomix below {runs}.")
    size = Size(
        sentences=3 if quick else 8, voices=1, curve_sentences=0, german=0, reader_takes=0, clips=1
    )
    report: dict[str, dict[str, Any]] = {}
    missing: dict[str, str] = {}
    for folder in folders:
        speaker = studio(str(folder))
        plan = asked.everything(speaker.emotions(), tuple(speaker.voices()), real, size)
        plan += _by_reference(real, size)
        of_run = out / folder.name
        speech.make(speaker, plan, of_run)
        judged = speech.judge(plan, hearing, real, of_run, size=size, judges=judges)
        report[folder.name] = length(folder / "emomix") | _row(judged)
        missing |= judged.missing
    return report, missing


def length(run: Path) -> dict[str, float]:
    """Minutes and steps of a run, where its folder tells them."""
    if not (run / "events.jsonl").is_file():
        return {}
    last = json.loads((run / "events.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    return {"minutes": round(last["minutes"]), "steps": last["step"]}


def _by_reference(real: Recordings | None, size: Size) -> list[Asked]:
    """The held-out emotion, given by a recording of it (table 1, unseen)."""
    acted = real.select("ravdess", emotion=HELD_OUT) if real is not None else []
    if not acted:
        return []
    clip = clip_of(acted[-1])
    sentences = asked.SENTENCES.read_text(encoding="utf-8").splitlines()[: size.sentences]
    return [
        Asked(
            "reference",
            f"reference/{seed:02d}.wav",
            seed,
            Request(text, "kathleen", emotion_reference=clip, consent=True, seed=seed),
            "kathleen",
        )
        for seed, text in enumerate(sentences)
    ]


def _row(judged: Judged) -> dict[str, Any]:
    takes = [ask for ask in judged.asked if ask.part == "emotions"]
    sentences = [ask.sentence for ask in takes]
    row = figures.outside(judged, [ask.file for ask in takes], sentences)
    row |= figures.similarity(judged, {ask.file: ask.speaker for ask in takes})
    for ear, listen in figures.EARS.items():
        hits = [label(listen(judged.own[t.file])) == t.about["emotion"] for t in takes]
        row[f"{ear}_hit"] = estimate(hits, None, sentences).json()
        given = [
            listen(judged.own[ask.file])[HELD_OUT]
            for ask in judged.asked
            if ask.part == "reference"
        ]
        if given:
            row[f"{ear}_{HELD_OUT}_by_reference"] = estimate(given).json()
    acted = [t for t in judged.asked if t.part == "same" and t.speaker.startswith("ravdess")]
    for name, chosen in (
        ("mcd", acted),
        (f"mcd_{HELD_OUT}", [t for t in acted if t.about["emotion"] == HELD_OUT]),
    ):
        found = [judged.pairs[t.file]["mcd"] for t in chosen if t.file in judged.pairs]
        if found:
            row[name] = estimate(found).json()
    return row
