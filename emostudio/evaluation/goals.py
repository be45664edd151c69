"""What the voice is meant to reach, and whether it does: every goal beside the figure it is of."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from emostudio.evaluation import diemo, diemo_probes
from emostudio.evaluation.zest import ALL, IDENTITY, MAIN, REFERENCE
from emostudio.evaluation.zest_plan import SETTINGS
from emostudio.values import EMOTIONS

# Word error may lie so far over real speech: over kathleen's reading, over acted speech.
PLAIN = ("neutral", "calm", "sad")
OVER_READING, OVER_ACTING = 0.15, 0.10
UNDER_OPINION = 0.3
OF_SIMILARITY = 0.9
OF_HIT_RATE = 0.8
FLOOR_DB = 3.0
CHANCE = 1 / len(EMOTIONS)  # where a judge hears an emotion in no real clip, a hit is still more
READERS = 8
SPEARMAN = 0.9
# Of conversions: the judge's accuracy in every setting, what copying a neutral source may get at
# most (one in four target emotions), how often the source's voice ranks first, and how far the
# voice may lie under actors' own emotional clips, words over the sources.
HEARD, COPY_HEARD, RANKS_FIRST, UNDER_ACTORS, OVER_SOURCES = 0.55, 0.25, 0.8, 0.05, 0.15
# EASE: how much of the speaker probe's accuracy stays, and of the emotion probe's over chance.
KEPT, LEFT = 0.95, 0.5
VOICE = "kathleen"
# DiEmo: how often a cluster is the emotion it is named for, how far the probe of emotion may lie
# under the recognizer's embedding, and how many times chance the probe of speakers may reach.
CLUSTERED, UNDER_RECOGNIZER, TIMES_CHANCE = 0.75, 0.05, 2


@dataclass(frozen=True)
class Goal:
    """A figure, what it should be at least (or at most), and the judge who gave it."""

    name: str
    reached: float
    goal: float
    at_least: bool
    by: str
    why: str = ""

    @property
    def met(self) -> bool:
        """Whether the figure is on the right side of its goal, and nothing else speaks against it.

        `why` says what does.
        """
        right = self.reached >= self.goal if self.at_least else self.reached <= self.goal
        return right and not self.why

    def json(self) -> dict[str, Any]:
        """Plain values."""
        rounded = {"reached": round(self.reached, 4), "goal": round(self.goal, 4)}
        return vars(self) | rounded | {"met": self.met}


def goals(report: dict[str, Any]) -> list[dict[str, Any]]:
    """All goals that a report has the figures for."""
    found: list[Goal] = []
    for of in (_nets, _speech, _curves, _conversions, _probes, _clusters, _distilled, _transfers):
        found += of(report)
    return [goal.json() for goal in found]


def _nets(report: dict[str, Any]) -> Iterator[Goal]:
    emotion = report.get("ser", {})
    if "ravdess" in emotion:
        accuracy = emotion["ravdess"]["recognizer"]["accuracy"]["value"]
        yield Goal("recognizer, eight emotions of unheard actors", accuracy, 0.55, True, "truth")
    for corpus in ("kathleen", "ljspeech", "librispeech"):
        row = report.get("real", {}).get(corpus, {}).get("judge_neutral_or_calm")
        if corpus in emotion:
            row = emotion[corpus]["judge"]["neutral_or_calm"]
        if row:
            name = f"judge: real {corpus} is neutral or calm"
            yield Goal(name, row["value"], 0.8, True, "truth")
    if "equal_error_rate" in report.get("speaker", {}):
        error = report["speaker"]["equal_error_rate"]
        yield Goal("speaker, equal error rate", error, 0.10, False, "truth")


def _speech(report: dict[str, Any]) -> Iterator[Goal]:
    speech, real = report.get("speech", {}), report.get("real", {})
    takes, reading = speech.get(VOICE, {}), real.get(VOICE, {})
    for emotion, row in takes.items():
        acted = acted_of(real, emotion)
        beside, over = (reading, OVER_READING) if emotion in PLAIN else (acted, OVER_ACTING)
        missed = ""
        if "judge_hit" in acted:
            goal = max(CHANCE, OF_HIT_RATE * acted["judge_hit"]["value"])
            hits = Goal(f"hit rate, {emotion}", row["judge_hit"]["value"], goal, True, "judge")
            missed = "" if hits.met else "missed, as its emotion is not heard"
            yield hits
        if "word_error" in row and "word_error" in beside:
            goal = beside["word_error"]["value"] + over
            error = row["word_error"]["value"]
            # Plain words in an emotion that nobody hears are no success.
            yield Goal(f"word error, {emotion}", error, goal, False, "pocketsphinx", missed)
    if "p808" in takes.get("neutral", {}) and "p808" in reading:
        goal = reading["p808"]["value"] - UNDER_OPINION
        reached = takes["neutral"]["p808"]["value"]
        yield Goal("opinion P.808, neutral", reached, goal, True, "DNSMOS")
    for voice, row in report.get("presets", {}).items():
        if "similarity" in row and "of_recordings" in row:
            goal = OF_SIMILARITY * row["of_recordings"]["value"]
            reached = row["similarity"]["value"]
            yield Goal(f"voice similarity, {voice}", reached, goal, True, "resemblyzer")
    if report.get("readers", {}).get("readers") == READERS:
        first = report["readers"]["first"]["value"]
        yield Goal("given ten seconds, the reader ranks first", first, 0.8, True, "resemblyzer")
    floors = [r["floor_over_neutral_db"] for rows in speech.values() for r in rows.values()]
    if floors:
        yield Goal("noise floor over neutral takes, dB", max(floors), FLOOR_DB, False, "level")


def _curves(report: dict[str, Any]) -> Iterator[Goal]:
    for name in ("mixing", "intensity"):
        curves = report.get(name)
        if not curves:
            continue
        ranks = [curve["judge_spearman"] for curve in curves]
        yield Goal(
            f"{name}: median rank correlation", float(np.median(ranks)), SPEARMAN, True, "judge"
        )
        yield Goal(f"{name}: least rank correlation", min(ranks), 0.01, True, "judge")


def _conversions(report: dict[str, Any]) -> Iterator[Goal]:
    if "zest" not in report:
        return
    systems, beside = report["zest"]["systems"], report["zest"]["real"]
    found, source = systems[MAIN], systems[IDENTITY][ALL]
    for setting in SETTINGS:
        if setting in found:
            accuracy = found[setting]["judge_accuracy"]["value"]
            shown = systems[REFERENCE][setting]["judge_accuracy"]["value"]
            why = "" if accuracy >= HEARD else f"missed; heard in {shown:.0%} of the references"
            name = f"conversion {setting}: emotion is heard"
            yield Goal(name, accuracy, HEARD, True, "judge", why)
    copied = source["judge_accuracy"]["value"]
    yield Goal("a copied source fails on emotion", copied, COPY_HEARD, False, "judge")
    rest = found[ALL]
    if "speaker_first" in rest:
        first = rest["speaker_first"]["value"]
        yield Goal("conversion: the source ranks first", first, RANKS_FIRST, True, "resemblyzer")
    if "similarity" in rest and "similarity" in beside:
        reached, goal = rest["similarity"]["value"], beside["similarity"]["value"] - UNDER_ACTORS
        yield Goal("conversion: voice similarity", reached, goal, True, "resemblyzer")
    if "word_error" in rest and "word_error" in source:
        error, goal = rest["word_error"]["value"], source["word_error"]["value"] + OVER_SOURCES
        yield Goal("conversion: word error", error, goal, False, "pocketsphinx")


def _probes(report: dict[str, Any]) -> Iterator[Goal]:
    if "probes" not in report:
        return
    before, after = report["probes"]["speaker_embedding"], report["probes"]["ease"]
    chance = before["emotion"]["chance"]
    most = chance + LEFT * (before["emotion"]["value"] - chance)
    reached = after["emotion"]["value"]
    yield Goal("EASE: emotion that a probe still reads", reached, most, False, "truth")
    least = KEPT * before["speaker"]["value"]
    reached = after["speaker"]["value"]
    yield Goal("EASE: speakers that a probe still reads", reached, least, True, "truth")


def _clusters(report: dict[str, Any]) -> Iterator[Goal]:
    if "clusters" not in report:
        return
    found = report["clusters"]["five"]
    reached = found["matched"]
    name = "clusters: agreement with labels, five emotions"
    yield Goal(name, reached, CLUSTERED, True, "truth")
    for name, other in (("k-means alone", "unmatched"), ("chance", "chance")):
        yield Goal(f"clusters: agreement, over {name}", reached, found[other], True, "truth")


def _distilled(report: dict[str, Any]) -> Iterator[Goal]:
    if "diemo_probes" not in report:
        return
    found = report["diemo_probes"]
    mine = found[diemo_probes.DIEMO]
    beside = found[diemo_probes.RECOGNIZER][diemo_probes.EMOTION]["value"]
    name, reached = "DiEmo: emotion that a probe reads", mine[diemo_probes.EMOTION]["value"]
    yield Goal(name, reached, beside - UNDER_RECOGNIZER, True, "truth")
    for what in ("speaker", diemo_probes.READERS):
        if what in mine:
            row, name = mine[what], f"DiEmo: {what.replace('_', ' ')} that a probe reads"
            most = TIMES_CHANCE * row["chance"]
            yield Goal(name, row["value"], most, False, "truth")


def _transfers(report: dict[str, Any]) -> Iterator[Goal]:
    if "diemo" not in report:
        return
    of = report["diemo"]["systems"][diemo.MAIN]
    reached, plain = (of[part]["judge_hit"]["value"] for part in (diemo.BY_CLIP, "plain"))
    name = "DiEmo: a clip's emotion is heard, over plain takes"
    yield Goal(name, reached, plain, True, "judge")


def acted_of(real: dict[str, Any], emotion: str) -> dict[str, Any]:
    """Figures of actors' recordings of an emotion, empty where none has it."""
    return real.get(f"ravdess {emotion}") or real.get(f"emodb {emotion}") or {}
