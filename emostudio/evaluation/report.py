"""Run a suite and write report.json."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from emostudio.evaluation import speak
from emostudio.values import EmotionMix, Request, Take

QUICK = 6


class Speaker(Protocol):
    """What a suite needs of the studio."""

    def emotions(self) -> tuple[str, ...]:
        """Names that can be spoken."""
        ...

    def speak(self, text: Request) -> Take:
        """Speak a request."""
        ...


def evaluate(
    studio: Speaker,
    out: Path,
    *,
    voice: str = "kathleen",
    quick: bool = False,
    environment: Path | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Speak the sentences in every emotion, judge them, write takes and report.json to `out`.

    Where the outside judges can't run, the report says so and holds what we measure ourselves.
    """
    sentences = speak.SENTENCES.read_text(encoding="utf-8").splitlines()
    sentences = sentences[:QUICK] if quick else sentences
    report: dict[str, Any] = {"voice": voice, "sentences": len(sentences), "emotions": {}}
    neutral = None
    for emotion in sorted(studio.emotions(), key=lambda name: name != "neutral"):
        takes = [
            studio.speak(
                Request(text=text, voice=voice, emotion=EmotionMix.parse(emotion), seed=seed)
            )
            for seed, text in enumerate(sentences)
        ]
        speak.save(takes, out / emotion)
        measured = speak.manners(takes)
        row: dict[str, Any] = {"manners": vars(measured)}
        neutral = neutral or measured
        row["moves"] = speak.moves(measured, neutral)
        if emotion in speak.DIRECTIONS:
            row["as_acted"] = speak.as_acted(emotion, row["moves"])
        hits = [take.read_back.heard.label == emotion for take in takes]
        row["own_recognizer_hit_rate"] = sum(hits) / len(hits)
        similarity = [take.read_back.voice_similarity for take in takes]
        row["own_voice_similarity"] = round(sum(similarity) / len(similarity), 3)
        try:
            judged = speak.judge(out / emotion, environment or speak.default_environment())
            row |= speak.summary(judged)
        except ValueError as error:
            row["missing"] = str(error)
        report["emotions"][emotion] = row
        say(_line(emotion, row))
    text = json.dumps(report, indent=2)
    (out / "report.json").write_text(text + "\n", encoding="utf-8")
    return report


def evaluate_net(suite: str, data: Path, out: Path) -> dict[str, Any]:
    """Run the suite `ser`, `speaker` or `vocoder` with the loaded checkpoint, write report.json.

    Raises:
        ValueError: no pack there, or the checkpoint is missing.
    """
    from emostudio.data.features import Pack
    from emostudio.evaluation import held_out
    from emostudio.models.checkpoint import Store
    from emostudio.models.ser import EmotionRecognizer
    from emostudio.models.speaker import SpeakerEncoder
    from emostudio.models.vocoder import Vocoder
    from emostudio.settings import Settings

    settings = Settings.from_env()
    store, pack = Store(settings.checkpoints, settings.models), Pack.open(data)
    if suite == "ser":
        report = held_out.recognizer(store.load(EmotionRecognizer), pack)
    elif suite == "speaker":
        report = held_out.speaker(store.load(SpeakerEncoder), pack)
    else:
        report = held_out.vocoder(store.load(Vocoder), pack)
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return report


def _line(emotion: str, row: dict[str, Any]) -> str:
    outside = row.get("missing") or f"word error {row['word_error']:.1%}, P.808 {row['p808']:.2f}"
    moved = " ".join(f"{value:+.1f}" for value in row["moves"])
    return f"{emotion}: {outside}; F0, range, rate, level {moved} {row.get('as_acted', '')}"
