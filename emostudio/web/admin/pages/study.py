"""Study: what it asks, its clips, and its way to listeners."""

from __future__ import annotations

from typing import Any

import gradio as gr

from emostudio.listening.protocol import Protocol
from emostudio.storage import taken
from emostudio.studies import authoring, checks
from emostudio.studies.finding import found
from emostudio.studies.grid import grid
from emostudio.studies.planning import plan_of
from emostudio.web.admin.desk import Desk, actor_of, choices_of, head, study_choice
from emostudio.web.admin.parts.clips import chosen, clips_part, connect_clips
from emostudio.web.admin.parts.opening import connect_opening, home_of, opening
from emostudio.web.admin.parts.protocol_form import connect_scale, protocol_form
from emostudio.web.admin.parts.trial_run import connect_trial_run, trial_run
from emostudio.web.errors import in_words

Updates = dict[Any, Any]


def build(desk: Desk) -> None:
    """Build the page."""
    head(desk, "What a study asks, its clips, its link.")
    study = study_choice(desk)
    with gr.Row(elem_classes="bench office"):
        with gr.Column(scale=6, min_width=320, elem_classes="desk"):
            with gr.Column(elem_classes="card"):
                clips = clips_part()
            with gr.Column(elem_classes="card"):
                asks = gr.HTML("<h2>Protocol</h2>", elem_id="about")
                form = protocol_form()
                save = gr.Button("Save", elem_id="save")
                files = gr.HTML(elem_id="protocol-file")
        with gr.Column(scale=5, min_width=320, elem_classes="outcome"):
            with gr.Column(elem_classes="card"):
                opened = opening()
            with gr.Column(elem_classes="card"):
                trial = trial_run()

    outputs = [
        *(asks, save, files),
        *form.components(),
        *(component for part in (clips, opened, trial) for component in part.outputs()),
    ]

    def refreshed(slug: str, request: gr.Request) -> Updates:
        with desk.db.read() as session:
            row = found(session, slug)
            done = [one.state for one in taken.assignments_of(session, row.id)].count("done")
        protocol, shown = Protocol.from_json(row.protocol), grid(desk.db, slug)
        expected, draft = plan_of(protocol, shown), row.state == "draft"
        wrong = checks.problems_of(protocol, shown) if draft else []
        said = checks.warnings_of(protocol, shown, expected, slug) if draft else []
        return {
            asks: f"<h2>Protocol</h2><p class='note'>{protocol.about.title}</p>",
            save: gr.Button("Save" if draft else "Save as a new draft"),
            files: f"<p class='links'><a href='files/{slug}/protocol.json' download>"
            "Download the protocol</a></p>",
            **form.filled(protocol),
            **clips.shown(desk, shown, draft=draft),
            **opened.shown(row, done, wrong, said, home_of(request)),
            **trial.shown(expected),
        }

    def refresh(slug: str | None, request: gr.Request) -> Updates:
        with in_words():
            return refreshed(chosen(slug), request)

    def offered(slug: str) -> Updates:
        return {study: gr.Dropdown(choices=choices_of(desk.studies()), value=slug)}

    def saved(values: Updates, request: gr.Request) -> Updates:
        with in_words():
            slug = chosen(values[study])
            with desk.db.read() as session:
                kind = found(session, slug).kind
            protocol = form.protocol(values, kind)
            made = authoring.change(desk.db, slug, protocol, actor=actor_of(request))
            gr.Info("Saved." if made == slug else f"The new draft is {made}.")
            return offered(made) | (refreshed(slug, request) if made == slug else {})

    private: dict[str, Any] = {"api_visibility": "private", "show_progress_on": [opened.state]}
    study.change(refresh, study, outputs, **private)
    save.click(saved, {study, *form.components()}, [study, *outputs], **private)
    connect_scale(form)
    connect_clips(clips, desk, study, refreshed, outputs)
    connect_opening(opened, desk, study, refreshed, outputs, offered)
    connect_trial_run(trial, desk, study)
