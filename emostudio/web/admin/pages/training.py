"""Training: a new job, and all jobs with how far they are."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from emostudio.storage.tuned_tables import LIVE, Job
from emostudio.web.admin.desk import Desk, actor_of, head
from emostudio.web.admin.parts.job_buttons import OPEN
from emostudio.web.admin.parts.job_view import card, doing
from emostudio.web.admin.parts.model_view import verdict_of
from emostudio.web.admin.parts.tuning_form import tuning_form
from emostudio.web.errors import in_words

Updates = dict[Any, Any]
EVERY_S = 2.0
NONE = (
    "<p class='note told'>No model was tuned here yet. Choose what to tune and a corpus, measure "
    "how long it takes on this machine, and start.</p>"
)


def build(desk: Desk) -> None:
    """Build the page."""
    head(desk, "Fine-tune a model on your own recordings.")
    with gr.Row(elem_classes="bench office"):
        with (
            gr.Column(scale=6, min_width=320, elem_classes="desk"),
            gr.Column(elem_classes="card"),
        ):
            gr.HTML("<h2>New job</h2>")
            form = tuning_form()
            start = gr.Button("Start", variant="primary", elem_id="start")
        with gr.Column(scale=5, min_width=320, elem_classes="outcome"):
            gr.HTML("<h2>Jobs</h2>")
            listed = gr.HTML("<p class='note'>Loading…</p>", elem_id="jobs")
    timer = gr.Timer(EVERY_S, active=False)
    probe = gr.State("")  # the id of the measurement that was asked for
    made = gr.Textbox("", visible="hidden")  # a script reads it

    fields = set(form.fields().values())
    told = [form.preset, form.cost]
    based = [form.about, form.fits, form.method, form.start]
    choices = [*based, form.corpus, form.backend, form.places]

    def watched(values: Updates) -> Updates:
        """Draw the jobs, and what a measurement has come to; ask again while anything moves."""
        jobs = desk.jobs.all(probes=True)
        updates: Updates = {
            listed: drawn(desk, [job for job in jobs if not job.probe]),
            timer: gr.Timer(active=any(job.state in LIVE for job in jobs)),
        }
        measured = next((job for job in jobs if job.id == values[probe]), None)
        if measured is None:
            return updates
        if measured.state in LIVE:
            said = doing(desk.jobs.standing(measured.id))
            return updates | {form.cost: f"<p class='note'>Measuring: {escape(said)}</p>"}
        updates[probe] = ""
        if measured.state == "done":
            return updates | form.priced(desk, values)
        return updates | {
            form.cost: f"<p class='warn'>Not measured: {escape(measured.message)}</p>"
        }

    def opened(request: gr.Request) -> Updates:
        with in_words():
            named = dict(request.query_params).get("corpus")
            values = form.settled(desk, form.empty() | {form.corpus: named, probe: ""})
            return form.offered(desk, values) | form.priced(desk, values) | watched(values)

    def chosen_base(values: Updates) -> Updates:
        with in_words():
            return form.based(desk, values) | form.priced(desk, values)

    def changed(values: Updates) -> Updates:
        with in_words():
            return form.fitting(desk, values) | form.priced(desk, values)

    def measure(values: Updates, request: gr.Request) -> Updates:
        with in_words():
            tuning = form.tuning(values, name="measured")
            job_id = desk.jobs.submit(tuning, actor=actor_of(request), probe=True)
            return watched(values | {probe: job_id}) | {probe: job_id}

    def started(values: Updates, request: gr.Request) -> str:
        with in_words():
            return desk.jobs.submit(form.tuning(values), actor=actor_of(request))

    def ticked(values: Updates) -> Updates:
        with in_words():
            return watched(values)

    private: dict[str, Any] = {"api_visibility": "private"}
    quiet: dict[str, Any] = private | {"show_progress": "hidden"}
    watching = [listed, timer, probe, *told]
    # Without inputs, each of which would ask again and let the address win over a choice.
    gr.on(None, opened, None, [*choices, *watching], **quiet)  # on load
    timer.tick(ticked, {*fields, probe}, watching, **quiet)
    form.base.change(chosen_base, fields, [*based, *told], **quiet)
    for part in (
        *(form.corpus, form.preset, form.method, form.rehearsal, form.rehearse_with),
        *(form.max_steps, form.batch_size, form.backend),
    ):
        part.change(changed, fields, [form.fits, *told], trigger_mode="always_last", **quiet)
    form.measure.click(measure, {*fields, probe}, watching, **quiet)
    start.click(started, fields, made, **private).success(None, made, None, js=OPEN)


def drawn(desk: Desk, jobs: list[Job]) -> str:
    """Draw jobs as cards, the newest first."""
    offered = {model.id for model in desk.jobs.models.offered()}
    models = {model.job_id: model for model in desk.jobs.models.all()}
    cards = []
    for job in jobs:
        model = models.get(job.id)
        verdict = ""
        if model is not None and model.id in offered:
            verdict = "Offered in Speak and Convert."
        elif model is not None:
            verdict = f"Its model {verdict_of(model)}."
        cards.append(card(desk.jobs.standing(job.id), desk.corpus_name(job.corpus_id), verdict))
    return f"<ul class='studies told'>{''.join(cards)}</ul>" if cards else NONE
