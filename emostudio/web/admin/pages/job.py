"""Job: how far a training is, what it sounds like, and what it became beside what it was."""

from __future__ import annotations

import time
from html import escape
from typing import Any

import gradio as gr

from emostudio.evaluation.gate import Gate
from emostudio.jobs.run_folder import GATE, Event, events, tail
from emostudio.storage.tuned_tables import Job, Model
from emostudio.web.admin.desk import Desk, actor_of, head, keep_in_address
from emostudio.web.admin.pages.studies import OPEN as OPEN_STUDY
from emostudio.web.admin.parts.comparison import comparison
from emostudio.web.admin.parts.hearing import connect_hearing, hearing
from emostudio.web.admin.parts.job_buttons import connect_job_buttons, job_buttons
from emostudio.web.admin.parts.job_curves import drawn_curves, in_line
from emostudio.web.admin.parts.job_view import drawn_facts, drawn_samples, drawn_standing
from emostudio.web.admin.parts.promotion import connect_promotions, promotions
from emostudio.web.admin.takes import ballot_of
from emostudio.web.errors import in_words

Updates = dict[Any, Any]
EVERY_S = 1.5
DRAW_EVERY_S = 5.0  # the curves, which a browser builds anew each time
LOADING = "<p class='note told'>Loading…</p>"
NONE = (
    "<p class='note told'>No job is chosen. Choose one above, or start one under "
    "<a href='training'>Training</a>.</p>"
)


def build(desk: Desk) -> None:
    """Build the page."""
    head(desk, "Watch a training, hear it, compare, promote.")
    job = gr.Dropdown([], label="Job", elem_id="job", filterable=True)
    with gr.Row(elem_classes="bench office"):
        with gr.Column(scale=5, min_width=320, elem_classes="desk"):
            with gr.Column(elem_classes="card"):
                state = gr.HTML(LOADING, elem_id="standing")
                buttons = job_buttons()
                facts = gr.HTML(elem_id="job-facts")
                with gr.Accordion("Log", open=False, elem_id="log"):
                    log = gr.HTML(drawn_log(""), elem_id="log-tail")
            promotion = promotions()
        with gr.Column(scale=7, min_width=320, elem_classes="outcome"):
            compared = comparison()
            heard = hearing()
            with gr.Column(elem_classes="card shy"):
                title = gr.HTML(elem_id="loss")
                curves = gr.Plot(show_label=False, visible=False, elem_id="curves")
            with gr.Column(elem_classes="card shy"):
                takes = gr.HTML(elem_id="on-the-way")
    timer = gr.Timer(EVERY_S, active=False)
    seen = gr.State({})  # what is shown already: a sound that plays must not be drawn anew

    moving = [state, facts, log, takes, title, curves, timer, seen]
    ending = [*buttons.outputs(), *compared.outputs(), *heard.outputs(), *promotion.outputs()]
    outputs = [*moving, *ending]

    def watched(job_id: str, before: dict[str, Any], request: gr.Request) -> Updates:
        """Return the updates of what has changed since the page was drawn."""
        standing, folder = desk.jobs.standing(job_id), desk.jobs.folder(job_id)
        told = events(folder)
        steps = in_line(told)
        before = before if before.get("job") == job_id else {}
        now = {
            "job": job_id,
            "state": standing.job.state,
            "takes": sum(event.kind == "sample" for event in told),
            "step": steps[-1].step if steps else 0,
            "drawn_at": time.monotonic(),
        }
        if standing.live and now["drawn_at"] - before.get("drawn_at", 0.0) < DRAW_EVERY_S:
            now |= {"step": before["step"], "drawn_at": before["drawn_at"]}  # curves wait
        new = {name for name, value in now.items() if before.get(name) != value}
        updates: Updates = {
            state: drawn_standing(standing, desk.corpus_name(standing.job.corpus_id)),
            facts: drawn_facts(standing, told),
            log: drawn_log(tail(folder)),
            timer: gr.Timer(active=standing.live),
            seen: now,
        }
        if "takes" in new:
            updates[takes] = drawn_takes(standing.job, told)
        if "step" in new:
            updates[title] = "<h2 class='told'>Loss</h2>" if steps else ""
            figure = drawn_curves(steps, standing.of) if steps else None
            updates[curves] = gr.Plot(value=figure, visible=bool(steps))
        if "state" in new:
            updates |= buttons.shown(standing.job.state) | ended(standing.job, request)
        return updates

    def ended(row: Job, request: gr.Request) -> Updates:
        """Return the updates that show what came of a job, if it is done."""
        gate = gate_of(desk, row) if row.state == "done" else None
        model = model_of(desk, row.id) if row.state == "done" else None
        ballot = ballot_of(desk, row.id, actor_of(request)) if gate is not None else None
        return {
            **compared.shown(gate),
            **(heard.nothing() if ballot is None else heard.shown(desk, ballot)),
            **(promotion.nothing() if model is None else promotion.shown(desk, model)),
        }

    def opened(request: gr.Request) -> Updates:
        with in_words():
            choices, value = offered(desk, dict(request.query_params).get("job"))
            updates: Updates = {job: gr.Dropdown(choices=choices, value=value)}
            return updates if value else updates | {state: NONE}

    def refreshed(job_id: str, request: gr.Request) -> Updates:
        return watched(job_id, {}, request)

    def refresh(job_id: str | None, request: gr.Request) -> Updates:
        with in_words():
            return refreshed(job_id, request) if job_id else {state: NONE}

    def ticked(job_id: str | None, before: dict[str, Any], request: gr.Request) -> Updates:
        with in_words():
            return watched(job_id, before, request) if job_id else {state: NONE}

    def its_model(job_id: str | None) -> Model:
        return desk.jobs.model_of(job_id or "")

    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    # Without inputs, each of which would ask again and let the address win over a choice.
    gr.on(None, opened, None, [job, state], **quiet)  # on load
    job.change(refresh, job, outputs, **quiet)
    keep_in_address(job, "job")
    timer.tick(ticked, [job, seen], outputs, **quiet)
    connect_job_buttons(buttons, desk, job, refreshed, outputs)
    connect_promotions(promotion, desk, job, its_model, refreshed, outputs)
    connect_hearing(heard, desk, job, OPEN_STUDY)


def offered(desk: Desk, named: str | None) -> tuple[list[tuple[str, str]], str | None]:
    """Return the choices of a job, and which is shown; the address may name it: ?job=ID."""
    jobs = desk.jobs.all()
    ids = [row.id for row in jobs]
    # No other job passes for one that isn't here.
    value = (named if named in ids else None) if named else next(iter(ids), None)
    return [(called(row), row.id) for row in jobs], value


def called(job: Job) -> str:
    """Name a job in a choice, without its state, which may change while the page is open."""
    return f"{job.tuning['name']} · {job.created_at:%Y-%m-%d %H:%M}"


def gate_of(desk: Desk, job: Job) -> Gate | None:
    """Return the comparison of a job, if it was made."""
    try:
        return Gate.read(desk.jobs.folder(job.id) / GATE)
    except ValueError:
        return None


def model_of(desk: Desk, job_id: str) -> Model | None:
    """Return the model that came of a job, if it is still here."""
    try:
        return desk.jobs.model_of(job_id)
    except ValueError:
        return None


def drawn_log(text: str) -> str:
    """Draw the last lines that a process wrote."""
    return (
        f"<pre class='log' tabindex='0'>{escape(text)}</pre>"
        if text
        else "<p class='note'>The process has said nothing.</p>"
    )


def drawn_takes(job: Job, told: list[Event]) -> str:
    """Draw the takes of a job, but of one whose net speaks none."""
    if job.tuning["base"] == "ser":
        return ""
    return f"<h2 class='told'>Takes on the way</h2>{drawn_samples(job.id, told)}"
