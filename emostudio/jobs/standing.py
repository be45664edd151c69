"""How a job stands, told from its row and its events alone: a reload changes nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from emostudio.jobs.backend import Usage
from emostudio.jobs.run_folder import PHASES, Event
from emostudio.jobs.tuning import Tuning
from emostudio.storage.tuned_tables import BUSY, LIVE, Job

# What of a bar each phase fills.
PARTS = {"prepare": 0.1, "rehearse": 0.1, "train": 0.65, "evaluate": 0.15}
TELLING = 0.1  # of a phase has to be done before it tells how long the rest takes
STATES = {
    "queued": "Waiting",
    "running": "Running",
    "stopping": "Saving, then stopping",
    "stopped": "Stopped",
    "interrupted": "Interrupted",
    "failed": "Failed",
    "done": "Done",
}


@dataclass(frozen=True)
class Expectation:
    """Minutes that a job takes on its device: to `train`, and `around` that."""

    train: float
    around: float

    @property
    def minutes(self) -> float:
        """All of them."""
        return self.train + self.around


@dataclass(frozen=True)
class Standing:
    """A job, where it is, how fast it goes, and what is left.

    `share` of all is in [0, 1], and of the bar, not of the time; `eta_s` is None where nothing is
    known yet. `losses` and `rate` are of the last report, memory in MB. `phase_words` fit after a
    heading; `message` says more or is empty.
    """

    job: Job
    phase: str = ""
    phase_words: str = ""
    step: int = 0
    of: int = 0
    share: float = 0.0
    eta_s: float | None = None
    message: str = ""
    losses: Mapping[str, float] = field(default_factory=dict)
    rate: float | None = None
    memory_mb: float | None = None
    device_mb: float | None = None
    device: str = ""

    @property
    def live(self) -> bool:
        """Whether it waits or runs, so that a page should ask again."""
        return self.job.state in LIVE


def standing_of(
    job: Job,
    told: Sequence[Event],
    *,
    expected: Expectation | None = None,
    comparing_s: float = 0.0,
    usage: Usage | None = None,
    at: float | None = None,
) -> Standing:
    """Tell how a job stands.

    Args:
        job: its row.
        told: its events, of all attempts.
        expected: minutes, where they were measured: all that is known before it trains.
        comparing_s: seconds that base and candidate are compared after training.
        usage: of the process that runs.
        at: seconds since 1970; now, if not given.
    """
    at = time.time() if at is None else at
    tuning = Tuning(**job.tuning)
    attempt = _of_last_attempt(told)
    phases = [event for event in attempt if event.kind == "phase"]
    reports = [event for event in attempt if event.kind == "step"]
    step = next((event for event in reversed(told) if event.kind == "step"), None)
    last = step.values if step else {}
    of = int(last.get("of") or tuning.steps)
    phase = str(phases[-1].values.get("phase", "")) if phases else ""
    share, eta_s = 0.0, None
    if job.state == "done":
        share = 1.0
    elif phase in PARTS:
        in_phase = float(phases[-1].values.get("share") or 0.0)
        share = _before(phase) + PARTS[phase] * in_phase
        if step is not None and phase != "evaluate":  # of a run that is resumed, too
            share = max(share, _before("train") + PARTS["train"] * step.step / of)
    if job.state in BUSY and attempt:
        in_hand = _left_of_phase(phases, at)
        if phase == "evaluate":
            eta_s = comparing_s - (at - _since(phases)) if in_hand is None else in_hand
        elif len(reports) > 1:
            eta_s = _left_of_steps(reports, of, at) + (0.0 if job.probe else comparing_s)
        elif expected is not None and step is None:
            eta_s = 60 * expected.minutes - (at - attempt[0].at)
    message = job.message
    if job.state in BUSY and phases:
        message = message or str(phases[-1].values.get("message", ""))
    usage = usage or Usage("")
    return Standing(
        job=job,
        phase=phase,
        phase_words=PHASES.get(phase, ""),
        step=step.step if step else 0,
        of=of,
        share=min(1.0, share),
        eta_s=None if eta_s is None else max(0.0, eta_s),
        message=message,
        losses=dict(last.get("losses") or {}),
        rate=last.get("rate"),
        memory_mb=usage.memory_mb or last.get("memory_mb"),
        device_mb=usage.device_mb or last.get("device_mb"),
        device=usage.device,
    )


def comparing_s_of(told: Sequence[Event]) -> float | None:
    """Tell how long a job that is done compared base and candidate, in seconds."""
    begun = [e.at for e in told if e.kind == "phase" and e.values.get("phase") == "evaluate"]
    if not begun or told[-1].kind != "done":
        return None
    attempt = _of_last_attempt(told)
    return told[-1].at - next((at for at in begun if at >= attempt[0].at), told[-1].at)


def _of_last_attempt(told: Sequence[Event]) -> Sequence[Event]:
    begun = [place for place, event in enumerate(told) if "attempt" in event.values]
    return told[begun[-1] :] if begun else told


def _before(phase: str) -> float:
    names = list(PARTS)
    return sum(PARTS[name] for name in names[: names.index(phase)])


def _since(phases: Sequence[Event]) -> float:
    """When the phase that is on began."""
    name = phases[-1].values.get("phase")
    return next(event.at for event in phases if event.values.get("phase") == name)


def _left_of_phase(phases: Sequence[Event], at: float) -> float | None:
    """Seconds that are left of a phase that tells its share, if it has told enough of it."""
    done = float(phases[-1].values.get("share") or 0.0) if phases else 0.0
    if done < TELLING:
        return None
    spent = phases[-1].at - _since(phases)
    return spent * (1 - done) / done - (at - phases[-1].at)


def _left_of_steps(reports: Sequence[Event], of: int, at: float) -> float:
    first, last = reports[0], reports[-1]
    a_step = (last.at - first.at) / max(1, last.step - first.step)
    return (of - last.step) * a_step - (at - last.at)
