"""What a study asks of its listeners, before there are any: trials, minutes, votes, rows."""

from __future__ import annotations

from dataclasses import dataclass

from emostudio.listening.design import PlannedTrial, choices, row, rows_of_a_round
from emostudio.listening.judgments import Judgment
from emostudio.listening.protocol import Protocol
from emostudio.listening.width import Width, expected_width, listeners_for
from emostudio.storage.database import Database
from emostudio.studies.finding import protocol_of
from emostudio.studies.grid import Grid, grid

CONSENT_MIN = 1.0  # to read, and to set the volume
ANSWER_S, LABEL_S = 5.0, 15.0


@dataclass(frozen=True)
class Plan:
    """What the protocol and the clips come to.

    `trials` of one listener, practice and checks among them, take about `minutes`. Each cell (a
    clip, or a pair of an utterance) gets `fewest` to `most` votes by the planned listeners. Votes
    are balanced to the last one after each `round` of listeners. `width` is that of the intervals
    to be expected.
    """

    listeners: int
    trials: int
    minutes: float
    fewest: int
    most: int
    round: int
    width: Width


def plan(db: Database, slug: str) -> Plan:
    """Return what a study comes to.

    Raises:
        ValueError: there is no such study.
    """
    protocol = protocol_of(db, slug)
    return plan_of(protocol, grid(db, slug))


def plan_of(protocol: Protocol, grid: Grid) -> Plan:
    """Return what a protocol and clips come to."""
    cells, extra = grid.cells, grid.extra
    period = rows_of_a_round(protocol, cells)
    rounds, rest = divmod(protocol.listeners, period)
    rows = [row(protocol, cells, extra, place) for place in range(min(period, protocol.listeners))]
    votes = dict.fromkeys(choices(protocol, cells), 0)
    for place, trials in enumerate(rows):
        for trial in trials:
            if (trial.stimulus, trial.other) in votes and not trial.repeated:
                votes[trial.stimulus, trial.other] += rounds + (place < rest)
    return Plan(
        listeners=protocol.listeners,
        trials=max(map(len, rows)),
        minutes=CONSENT_MIN + max(_minutes(protocol, grid, trials) for trials in rows[:10]),
        fewest=min(votes.values(), default=0),
        most=max(votes.values(), default=0),
        round=period,
        width=expected_width(protocol, len(grid.systems), len(grid.utterances)),
    )


def listeners_needed(db: Database, slug: str, half_width: float) -> int | None:
    """Return how many listeners make the intervals as narrow as wanted; None if no number does.

    Args:
        db: where the study is.
        slug: of the study.
        half_width: of a 95 % interval of a mean, in grades or as a share.

    Raises:
        ValueError: there is no such study.
    """
    protocol = protocol_of(db, slug)
    clips = grid(db, slug)
    return listeners_for(protocol, len(clips.systems), len(clips.utterances), half_width)


def planned(protocol: Protocol, grid: Grid, listeners: int) -> list[Judgment]:
    """Return the trials of the first rows as judgments that lack an answer, without practice."""
    clips = {clip.id: clip for clip in grid.clips}
    judgments = []
    for number in range(listeners):
        for position, trial in enumerate(row(protocol, grid.cells, grid.extra, number)):
            if trial.block == "practice":
                continue
            clip, other = clips[trial.stimulus], clips.get(trial.other)
            second = other or clips.get(trial.reference)
            judgments.append(
                Judgment(
                    listener=f"simulated {number}",
                    system=clip.system,
                    utterance=clip.utterance,
                    other_system=other.system if other else "",
                    asked_emotion=clip.emotion,
                    asked_intensity=clip.intensity,
                    asked_mix=dict(clip.mix) if clip.mix else None,
                    other_asked_intensity=other.intensity if other else None,
                    role=clip.role,
                    gold=dict(clip.gold) if clip.gold else None,
                    position=position,
                    swapped=trial.swapped,
                    repeated=trial.repeated,
                    stimulus=clip.id,
                    other=trial.other,
                    duration_s=clip.duration_s,
                    other_duration_s=second.duration_s if second else None,
                )
            )
    return judgments


def _minutes(protocol: Protocol, grid: Grid, trials: list[PlannedTrial]) -> float:
    lasts_s = {clip.id: clip.duration_s for clip in grid.clips}
    heard = (one for trial in trials for one in (trial.stimulus, trial.other, trial.reference))
    answer_s = LABEL_S if protocol.kind == "label" else ANSWER_S
    return (sum(lasts_s.get(one, 0.0) for one in heard) + answer_s * len(trials)) / 60
