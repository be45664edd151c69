"""A job as HTML: how far it is, what it does, what can be heard of it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from emostudio.jobs.run_folder import PHASES, Event
from emostudio.jobs.standing import STATES, Standing
from emostudio.jobs.tuning import TITLES, Tuning
from emostudio.storage.tuned_tables import LIVE, Job
from emostudio.web.admin.parts.tables import counted

NEXT = {  # what a person can do about it, where the job says nothing itself
    "queued": "It starts as soon as the device is free.",
    "stopping": "It saves what it has, which takes a moment.",
    "stopped": "It was saved. Resume goes on from there.",
    "interrupted": "Its process ended without a word. Resume goes on from the last save.",
    "failed": "It could not go on. Resume tries again from the last save; the log tells more.",
}
PLACES = {"local": "This machine", "huggingface": "Hugging Face Jobs"}


def chip(state: str) -> str:
    """Draw the state of a job."""
    return f"<span class='state {state}'>{STATES[state]}</span>"


def described(tuning: Tuning, corpus: str) -> str:
    """Say in a line what is tuned on what."""
    return f"{TITLES[tuning.base]} from {corpus}, {tuning.method}, {tuning.steps} steps"


def bar(share: float, label: str) -> str:
    """Draw how much is done, for eyes and for screen readers."""
    return (
        f"<div class='filling' role='progressbar' aria-label='{escape(label)}' aria-valuemin='0' "
        f"aria-valuemax='100' aria-valuenow='{100 * share:.0f}'>"
        f"<i style='width:{100 * share:.1f}%'></i></div>"
    )


def drawn_standing(standing: Standing, corpus: str) -> str:
    """Draw how far a job is."""
    job = standing.job
    tuning = Tuning(**job.tuning)
    line = f"{described(tuning, corpus)} · {where(job)}"
    return (
        f"<h2>{chip(job.state)} {escape(tuning.name)}</h2><p class='note'>{escape(line)}</p>"
        + bar(standing.share, f"Progress of {tuning.name}")
        + f"<p class='doing'>{escape(doing(standing))}</p>"
        + _phases(standing)
        + _trouble(standing)
    )


def doing(standing: Standing) -> str:
    """Say in a line what a job does now, and for how long still."""
    state = standing.job.state
    if state not in ("running", "stopping"):
        ended = standing.job.ended_at
        when = f" {ended:%Y-%m-%d %H:%M} UTC" if ended and state != "queued" else ""
        return f"{STATES[state]}{when}{_steps(standing)}"
    words = [standing.phase_words or "Starting"]
    if standing.phase == "train":
        words = [f"Step {standing.step} of {standing.of}"]
    elif standing.message:
        words.append(standing.message)
    if standing.eta_s is not None and state == "running":
        words.append(f"{lasting(standing.eta_s)} left")
    return " · ".join(words)


def lasting(seconds: float) -> str:
    """Say how long, as a person would.

    >>> lasting(20), lasting(200), lasting(9_000)
    ('less than a minute', 'about 3 min', 'about 2.5 h')
    """
    if seconds < 45:
        return "less than a minute"
    if seconds < 90 * 60:
        return f"about {max(1, round(seconds / 60))} min"
    return f"about {seconds / 3600:.1f} h"


def drawn_facts(standing: Standing, events: Sequence[Event]) -> str:
    """Draw what is known of the process: loss, rate, time, memory, device."""
    last = next((event for event in reversed(events) if event.kind == "step"), None)
    loss = last.loss if last is not None else None
    minutes = last.values.get("minutes") if last is not None else None
    facts = {
        "Loss": None if loss is None else f"{loss:.3g}",
        "Learning rate": f"{standing.rate:.1e}" if standing.rate else None,
        "Trained": None if minutes is None else f"{minutes:.1f} min",
        "Device": escape(standing.device) if standing.device else None,
        "Memory": _megabytes(standing.memory_mb),
        "On the device": _megabytes(standing.device_mb),
        "Attempt": standing.job.attempt if standing.job.attempt > 1 else None,
    }
    told = {name: fact for name, fact in facts.items() if fact is not None}
    return counted(told) if told else ""


def drawn_samples(job_id: str, events: Sequence[Event]) -> str:
    """Draw the takes that can be heard, the newest first."""
    samples = [event for event in events if event.kind == "sample"]
    if not samples:
        return "<p class='note'>None yet. Some are spoken on the way.</p>"
    items = []
    for event in reversed(samples):
        name = str(event.values.get("file", "")).rpartition("/")[2]
        about = " · ".join(
            str(event.values[key]) for key in ("voice", "emotion") if event.values.get(key)
        )
        items.append(
            f"<li><b>Step {event.step}</b> <span class='note'>{escape(about)}</span>"
            f"<audio controls preload='none' src='files/jobs/{job_id}/takes/{escape(name)}' "
            f"aria-label='Take at step {event.step}'></audio>"
            f"<span class='note'>{escape(str(event.values.get('text', '')))}</span></li>"
        )
    return f"<ol class='takes'>{''.join(items)}</ol>"


def card(standing: Standing, corpus: str, verdict: str = "") -> str:
    """Draw a job among others."""
    job = standing.job
    tuning = Tuning(**job.tuning)
    moving = job.state in LIVE
    away = "" if job.backend == "local" else f" · {escape(PLACES.get(job.backend, job.backend))}"
    return (
        f"<li class='card'><p>{chip(job.state)} "
        f"<a class='said' href='job?job={job.id}'>{escape(tuning.name)}</a></p>"
        f"<p class='note'>{escape(described(tuning, corpus))}{away}</p>"
        + (bar(standing.share, f"Progress of {tuning.name}") if moving else "")
        + f"<p class='note'>{escape(doing(standing))}</p>"
        + (f"<p class='note warn'>{escape(job.message)}</p>" if job.message and not moving else "")
        + (f"<p class='note'>{escape(verdict)}</p>" if verdict else "")
        + "</li>"
    )


def where(job: Job) -> str:
    """Say where and when a job was asked for."""
    return f"{PLACES.get(job.backend, job.backend)}, {job.created_at:%Y-%m-%d %H:%M} UTC"


def _steps(standing: Standing) -> str:
    return f" · step {standing.step} of {standing.of}" if standing.step else ""


def _phases(standing: Standing) -> str:
    """Draw the phases in their order: those behind, the one at hand, those to come."""
    names = list(PHASES)
    done = standing.job.state == "done"
    at = len(names) if done else names.index(standing.phase) if standing.phase in names else -1
    items = "".join(
        f"<li class='{'past' if place < at else 'now' if place == at else 'later'}'"
        f"{' aria-current=step' if place == at else ''}>{escape(PHASES[name])}</li>"
        for place, name in enumerate(names)
    )
    return f"<ol class='phases'>{items}</ol>"


def _trouble(standing: Standing) -> str:
    job = standing.job
    told = job.message if job.state != "done" else ""
    advice = NEXT.get(job.state, "")
    tone = "warn" if job.state in ("failed", "interrupted") else "note"
    return (f"<p class='{tone}'>{escape(told)}</p>" if told else "") + (
        f"<p class='note'>{escape(advice)}</p>" if advice and advice != told else ""
    )


def _megabytes(megabytes: float | None) -> str | None:
    if not megabytes:
        return None
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{megabytes:.0f} MB"
