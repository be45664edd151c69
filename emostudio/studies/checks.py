"""What stands in the way of a study, and what its author should know before it is frozen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from emostudio.listening.design import row
from emostudio.listening.kinds import SHARES
from emostudio.listening.protocol import Protocol
from emostudio.storage.database import Database
from emostudio.studies.finding import protocol_of
from emostudio.studies.grid import Grid, GridClip, grid
from emostudio.studies.planning import Plan, plan_of

MANY_CLIPPED = 1e-3  # share of samples at full scale
LOUDNESS_SPREAD_DB = 3.0
SHOWN = 3  # names in one sentence


def problems(db: Database, slug: str) -> list[str]:
    """Return what must be mended before a study can be frozen, a sentence each.

    Raises:
        ValueError: there is no such study.
    """
    return problems_of(protocol_of(db, slug), grid(db, slug))


def problems_of(protocol: Protocol, grid: Grid) -> list[str]:
    """Return what `problems` does, of what was read already."""
    return list(_problems(protocol, grid))


def warnings(db: Database, slug: str) -> list[str]:
    """Return what an author should know but may have wanted, a sentence each.

    Raises:
        ValueError: there is no such study.
    """
    protocol, clips = protocol_of(db, slug), grid(db, slug)
    return warnings_of(protocol, clips, plan_of(protocol, clips), slug)


def warnings_of(protocol: Protocol, grid: Grid, plan: Plan, slug: str) -> list[str]:
    """Return what `warnings` does, of what was read and planned already."""
    return list(_warnings(protocol, grid, plan, slug.replace("-", " ")))


def _problems(protocol: Protocol, grid: Grid) -> Iterator[str]:
    kind = protocol.about
    if not grid.tested:
        yield "There is no clip to test. Upload clips, or send takes here from Speak or Convert."
        return
    if protocol.kind != "label":
        for field, what in (("system", "what made it"), ("utterance", "what is said")):
            lacking = [clip for clip in grid.tested if not getattr(clip, field)]
            if lacking:
                yield f"{_names(lacking)}: no {field} is given. Say {what}."
    if kind.is_pair and not row(protocol, grid.cells, (), 0):
        yield "No utterance has clips of two systems, so that nothing can be compared. Add some."
    if "reference" in kind.heard:
        named = {clip.utterance for clip in grid.clips if clip.role == "reference"}
        lacking = [clip for clip in grid.clips if clip.role != "reference"]
        lacking = [clip for clip in lacking if clip.utterance not in named and "" not in named]
        if lacking:
            yield (
                f"{_names(lacking)}: no reference to compare with. Add a clip of the role "
                "'reference' and the same utterance, or one without an utterance for all."
            )

    def answered(clip: GridClip) -> bool:
        return kind.is_pair and any(other.gold is not None for other in _paired(clip, grid))

    for clip in grid.clips:
        if clip.role in ("gold", "trap") and clip.gold is None and not answered(clip):
            yield f"{clip.called}: a {clip.role} clip needs its right answer. Give it one."
        if clip.gold is not None and (why := wrong_answer(protocol, clip.gold)):
            yield f"{clip.called}: {why}"
        elif clip.gold and clip.gold.get("value") and kind.is_pair and not _paired(clip, grid):
            yield f"{clip.called}: it is compared with itself, so the right answer is 0."


def _paired(clip: GridClip, grid: Grid) -> list[GridClip]:
    """Return the clips that make a pair with one that is not under test."""
    return [
        other
        for other in grid.clips
        if (other.role, other.utterance) == (clip.role, clip.utterance)
        and other.id != clip.id
        and clip.utterance
    ]


def wrong_answer(protocol: Protocol, gold: Mapping[str, Any]) -> str:
    """Say why this can't be the right answer of a clip, nothing if it can.

    Args:
        protocol: of the study.
        gold: fields of `kinds.Answer`; not all that are asked need be there.
    """
    kind = protocol.about
    if not gold:
        return "The right answer is empty. Give a grade or an emotion."
    for name, value in gold.items():
        if name not in (*kind.asked, *kind.offered):
            return f"The right answer has '{name}', which the question does not ask. Take it out."
        if name == "value" and protocol.grades is not None:
            if value not in protocol.grades.grades:
                low, high = protocol.grades.low, protocol.grades.high
                return f"The right answer is {value}. Give a grade from {low} to {high}."
        elif name in ("emotion", "second_emotion"):
            if value not in protocol.choices:
                choices = ", ".join(protocol.choices)
                return f"The right answer is '{value}'. Choose from {choices}."
        elif name in SHARES and not (isinstance(value, int | float) and 0 <= value <= 1):
            return f"The right {name} is {value!r}. Give a number from 0 to 1."
    return ""


def _warnings(protocol: Protocol, grid: Grid, plan: Plan, slug: str) -> Iterator[str]:
    if grid.holes and protocol.kind != "label":
        holes = ", ".join(f"{system} / {utterance}" for system, utterance in grid.holes[:SHOWN])
        more = " and others" if len(grid.holes) > SHOWN else ""
        yield (
            f"{len(grid.holes)} of {len(grid.systems) * len(grid.utterances)} cells have no clip: "
            f"{holes}{more}. The other clips of these utterances are heard more often."
        )
    for clips in grid.duplicates[:SHOWN]:
        yield f"{_names(clips)} are one and the same file."
    clipped = [clip for clip in grid.clips if clip.clipped > MANY_CLIPPED]
    if clipped:
        yield f"{_names(clipped)}: parts are clipped, which listeners hear as crackling."
    if len(grid.sample_rates) > 1:
        rates = ", ".join(f"{n} of {rate} Hz" for rate, n in sorted(grid.sample_rates.items()))
        yield f"Sample rates differ: {rates}. Listeners may judge the rate instead of the voice."
    if protocol.loudness == "clip" and _about_emotion(protocol):
        yield (
            "Each clip is brought to one loudness, and loudness tells emotions apart: anger is "
            "louder. One gain a system keeps the cue."
        )
    if protocol.loudness == "system" and protocol.kind == "intensity_pair" and _uneven(grid):
        yield (
            "Systems of different intensity get a gain each, which takes away that stronger is "
            "louder. Choose 'none' for loudness, or one system name for all intensities of it."
        )
    if protocol.loudness == "none" and (spread := _spread_db(grid)) > LOUDNESS_SPREAD_DB:
        yield f"Systems differ by {spread:.1f} dB in loudness, and the louder one is often liked."
    shown = " ".join((protocol.title, protocol.asked, protocol.instructions, slug)).lower()
    for system in grid.systems:
        if re.search(rf"\b{re.escape(system.lower())}\b", shown):
            yield f"The title, link, question or instructions name '{system}': listeners read them."
    yield from _asked(protocol, grid)
    yield from _planned(protocol, grid, plan)


def _asked(protocol: Protocol, grid: Grid) -> Iterator[str]:
    needs = {
        "emotion_id": ("emotion",),
        "intensity": ("emotion", "intensity"),
        "intensity_pair": ("intensity",),
        "mixed": ("mix",),
    }
    for field in needs.get(protocol.kind, ()):
        lacking = [clip for clip in grid.tested if getattr(clip, field) in ("", None)]
        if lacking:
            yield (
                f"{_names(lacking)}: which {field} was asked is not known, so that the results "
                "can't compare it with what is heard."
            )
    if protocol.about.names_emotions:
        unknown = sorted({clip.emotion for clip in grid.tested} - {"", *protocol.choices})
        if unknown:
            yield f"Clips were asked for {', '.join(unknown)}, which listeners can't choose."


def _planned(protocol: Protocol, grid: Grid, plan: Plan) -> Iterator[str]:
    if not grid.tested or protocol.kind == "label":
        return
    if plan.fewest == 0:
        yield (
            f"With {plan.listeners} listeners some clips are heard by nobody. "
            f"Plan {plan.round} listeners or a multiple, or fewer clips."
        )
    most = plan_of(replace(protocol, trials=0), grid).trials if protocol.trials else 0
    if protocol.trials > most:
        yield f"{protocol.trials} trials are asked, but a listener has {most} at most."
    if plan.width.why:
        yield plan.width.why


def _about_emotion(protocol: Protocol) -> bool:
    return protocol.about.names_emotions or protocol.kind in ("intensity", "intensity_pair")


def _uneven(grid: Grid) -> bool:
    """Whether what gets one gain was asked for with other intensities than what gets another."""
    asked: dict[str, set[float | None]] = {}
    for clip in grid.tested:
        asked.setdefault(clip.maker, set()).add(clip.intensity)
    return len({frozenset(intensities) for intensities in asked.values()}) > 1


def _spread_db(grid: Grid) -> float:
    levels: dict[str, list[float]] = {}
    for clip in grid.tested:
        if clip.loudness_db is not None:
            levels.setdefault(clip.system, []).append(clip.loudness_db)
    means = [sum(values) / len(values) for values in levels.values()]
    return max(means) - min(means) if means else 0.0


def _names(clips: Sequence[GridClip]) -> str:
    shown = ", ".join(clip.called for clip in clips[:SHOWN])
    return shown if len(clips) <= SHOWN else f"{shown} and {len(clips) - SHOWN} more"
