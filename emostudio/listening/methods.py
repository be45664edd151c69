"""A paragraph for the methods section of a paper: what must be told for a test to be repeated.

Recruitment, instructions, wording and what was heard change the ranking of systems [1].

[1] Chiang et al. (2023), Why we should report the details in subjective evaluation of TTS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from emostudio.listening.protocol import Protocol
from emostudio.listening.screening import MIN_GRADES

TO_ADD = "[Add: how listeners were recruited, who they are and what they were paid.]"
LOUDNESS = {
    "none": "Loudness was left as it was.",
    "system": "Loudness was evened out by one gain a system.",
    "clip": "Each clip was brought to -23 LUFS.",
}


@dataclass(frozen=True)
class Counts:
    """What results are from. `failed` are listeners that failed a rule, whether excluded or not."""

    answers: int
    listeners: int
    systems: int
    utterances: int
    excluded: int = 0
    failed: int = 0


def paragraph(protocol: Protocol, counts: Counts, agreement: Sequence[dict[str, Any]]) -> str:
    """Write the paragraph; what the studio can't know is left to add in brackets."""
    return " ".join(
        [
            *_asked(protocol),
            *_design(protocol, counts),
            *_screening(protocol, counts),
            *_analysis(protocol, agreement),
            f"The protocol's SHA-256 is {protocol.hash}.",
        ]
    )


def _asked(protocol: Protocol) -> list[str]:
    told = [f'Listeners were asked, in the language "{protocol.language}": "{protocol.asked}"']
    grades = protocol.grades
    if grades is not None:
        labels = "; ".join(f"{number} {label}" for number, label in grades.grades.items())
        told.append(f"The grades were: {labels}.")
    if protocol.choices:
        told.append(f"They could choose among: {', '.join(protocol.choices)}.")
    if protocol.instructions.strip():
        told.append(f'The instructions were: "{protocol.instructions.strip()}"')
    return told


def _design(protocol: Protocol, counts: Counts) -> list[str]:
    told = [
        f"{many(counts.listeners, 'listener')} gave {many(counts.answers, 'answer')} about "
        f"{many(counts.systems, 'system')} and {many(counts.utterances, 'utterance')}.",
        TO_ADD,
    ]
    if protocol.kind != "label":
        told.append(
            "Each heard an utterance in one system, by a rotated Latin square, in random order."
            if protocol.design == "square" and not protocol.about.is_pair
            else "Clips came in random order."
            if not protocol.about.is_pair
            else "Both clips of a pair said the same utterance, in balanced order."
        )
    told.append("Names of systems were never sent to listeners.")
    told.append(LOUDNESS[protocol.loudness])
    often = f"{protocol.max_plays} times" if protocol.max_plays else "as often as they liked"
    told.append(f"They could play a clip {often}, and answer after {protocol.min_heard:.0%} of it.")
    if protocol.ask_headphones:
        told.append("They were asked whether they wear headphones.")
    return told


def _screening(protocol: Protocol, counts: Counts) -> list[str]:
    limits, grades = protocol.screening, protocol.grades
    spread = f"variance of grades at least {limits.min_variance:g}; "
    twice = f"; grades of repeats at most {limits.repeat_distance:g} apart"
    return [
        "Rules about listeners were fixed before the first answer: "
        f"{limits.gold_share:.0%} of gold and trap clips right; "
        f"{limits.heard_share:.0%} of clips heard to {limits.min_heard:.0%}; "
        f"at most {limits.fast_share:.0%} of answers before the end of a clip; "
        f"at most {limits.same_share:.0%} the same; "
        f"{spread if grades and len(grades.labels) >= MIN_GRADES else ''}"
        f"correlation with others at least {limits.min_correlation:g}"
        f"{twice if grades else ''}.",
        f"Listeners who failed one of them: {counts.failed}; left out: {counts.excluded}. Results "
        "with and without them are given.",
    ]


def _analysis(protocol: Protocol, agreement: Sequence[dict[str, Any]]) -> list[str]:
    clustered = (
        "95 % intervals of means are from errors clustered by listener and by utterance, with t of "
        "the fewer clusters less one (Cameron et al. 2011; Camp et al. 2023)."
    )
    adjusted = (
        "Differences are from a model with effects of system, listener and utterance, with errors "
        "clustered likewise and Holm's correction over all pairs of systems."
    )
    ladder = (
        "Systems were ranked by Bradley-Terry strengths, ties as half wins, by the lower end of "
        "95 % intervals over listeners drawn again."
    )
    levels = (
        "Levels asked and heard were compared by quadratic kappa, with intervals over listeners."
    )
    matrices = (
        "Hit rates of emotions are given with unbiased ones (Wagner 1993) and intervals over "
        "listeners drawn again."
    )
    distances = (
        "Heard shares were compared with asked ones by Jensen-Shannon distance, its interval from "
        "leaving listeners out in turn."
    )
    told = {
        "mos": [clustered, adjusted],
        "smos": [clustered, adjusted],
        "cmos": [clustered, ladder],
        "ab": [clustered, ladder],
        "intensity_pair": [clustered, ladder],
        "emotion_id": [clustered, adjusted, matrices, levels],
        "intensity": [clustered, levels],
        "mixed": [distances],
        "label": [],
    }[protocol.kind]
    for row in agreement:
        figure = row["alpha, interval"]
        level = "interval" if figure is not None else "nominal"
        figure = row["alpha, nominal"] if figure is None else figure
        if figure is not None:
            told = [*told, f"Krippendorff's alpha ({level}) of {row['question']} was {figure:.2f}."]
    return told


def many(count: int, name: str) -> str:
    """Count something in words."""
    return f"{count} {name}" + ("" if count == 1 else "s")
