"""Models: which there are and which are offered; upload, export, push, delete."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from emostudio.evaluation.gate import Gate
from emostudio.jobs.tuning import TITLES
from emostudio.storage.tuned_tables import Model
from emostudio.web.admin.desk import Desk, actor_of, head, keep_in_address
from emostudio.web.admin.parts.gate_view import drawn_beside, drawn_numbers
from emostudio.web.admin.parts.model_push import away, connect_away
from emostudio.web.admin.parts.model_view import drawn_model, drawn_own, drawn_shipped
from emostudio.web.admin.parts.promotion import connect_promotions, promotions
from emostudio.web.errors import in_words

Updates = dict[Any, Any]
OPEN = "model => model && location.assign('models?model=' + encodeURIComponent(model))"
ACCEPTED = (
    "<p class='note'>config.json, model.safetensors and, for a voice, voices.json: as files or in "
    "a zip. What is pickled is refused: to read it would run it.</p>"
)
CONSENT = "Everyone whose voice is in this model has agreed to it."


def build(desk: Desk) -> None:
    """Build the page."""
    head(desk, "Which models there are, and which are offered.")
    chosen = gr.Dropdown([], label="Model", elem_id="model", filterable=True)
    with gr.Row(elem_classes="bench office"):
        with gr.Column(scale=6, min_width=320, elem_classes="desk"):
            promotion = promotions()
            with gr.Column(elem_classes="card shy"):
                about = gr.HTML(elem_id="about-model")
                out = away()
            with gr.Column(elem_classes="card shy"):
                numbers = gr.HTML(elem_id="gate")
            with gr.Column(elem_classes="card shy"):
                card_head = gr.HTML(elem_id="card-head")
                card = gr.Markdown(elem_id="card", sanitize_html=True)
        with gr.Column(scale=5, min_width=320, elem_classes="outcome"):
            gr.HTML("<h2>Made here</h2>")
            own = gr.HTML(elem_id="own")
            with gr.Column(elem_classes="card"):
                gr.HTML(f"<h2>Upload a checkpoint</h2>{ACCEPTED}")
                files = gr.File(
                    label="Files",
                    file_count="multiple",
                    type="filepath",
                    height=110,
                    elem_id="model-files",
                )
                name = gr.Textbox(label="Name", placeholder="anna-2", elem_id="model-name")
                consent = gr.Checkbox(
                    label=CONSENT,
                    info="A model with voices needs it. It is kept, with your name.",
                    elem_id="model-consent",
                )
                upload = gr.Button("Check and keep it", elem_id="upload")
            with gr.Column(elem_classes="card"):
                gr.HTML("<h2>In use everywhere</h2>")
                shipped = gr.HTML(elem_id="shipped")
    made = gr.Textbox("", visible="hidden")  # a script reads it

    details = [about, numbers, card_head, card, out.pushed, *promotion.outputs()]
    outputs = [own, shipped, *details]

    def listed() -> Updates:
        models = desk.jobs.models
        offered = {model.id: model for model in models.offered()}
        return {
            own: drawn_own(models.all(), offered),
            shipped: drawn_shipped(models.shipped()),
        }

    def detailed(model: Model | None) -> Updates:
        if model is None:
            empty = dict.fromkeys((about, numbers, card_head, card, out.pushed), "")
            return empty | promotion.nothing()
        gate = Gate.from_json(model.gate) if model.gate else None
        compared = drawn_numbers(gate) + drawn_beside(gate) if gate else ""
        return {
            about: drawn_model(model, job=model.job_id is not None),
            numbers: f"<h2 class='told'>Before and after</h2>{compared}" if compared else "",
            card_head: "<h2 class='told'>Card</h2>" if model.card else "",
            card: model.card,
            out.pushed: "",
            **promotion.shown(desk, model),
        }

    def refreshed(model_id: str, request: gr.Request) -> Updates:
        return listed() | detailed(desk.jobs.models.get(model_id) if model_id else None)

    def refresh(model_id: str | None, request: gr.Request) -> Updates:
        with in_words():
            return refreshed(model_id or "", request)

    def offered(request: gr.Request) -> gr.Dropdown:
        with in_words():
            return choice(desk, dict(request.query_params).get("model"))

    def without() -> Updates:
        return listed() | detailed(None) | {chosen: choice(desk, None)}

    def uploaded(paths: list[str] | None, name: str, agreed: bool, request: gr.Request) -> str:
        with in_words():
            if not paths:
                raise ValueError("There are no files yet. Choose some, or drop them on the field.")
            given = [Path(path) for path in paths]
            source = given[0] if len(given) == 1 and given[0].suffix.lower() == ".zip" else given
            return desk.jobs.models.upload(
                source,
                name=(name or "").strip(),
                actor=actor_of(request),
                consent=CONSENT if agreed else "",
            ).id

    def its_model(model_id: str | None) -> Model:
        return desk.jobs.models.get(model_id or "")

    private: dict[str, Any] = {"api_visibility": "private"}
    quiet: dict[str, Any] = private | {"show_progress": "hidden"}
    gr.on(None, offered, None, chosen, **private)  # on load
    keep_in_address(chosen, "model")
    gr.on(None, listed, None, [own, shipped], **quiet)
    chosen.change(refresh, chosen, outputs, **quiet)
    made_event = upload.click(uploaded, [files, name, consent], made, **private)
    made_event.success(None, made, None, js=OPEN)
    connect_promotions(promotion, desk, chosen, its_model, refreshed, outputs)
    connect_away(out, desk, chosen, without, [chosen, *outputs])


def choice(desk: Desk, named: str | None) -> gr.Dropdown:
    """Return the choice of a model; the address may name it: ?model=ID."""
    models = desk.jobs.models.all()
    ids = [model.id for model in models]
    value = (named if named in ids else None) if named else next(iter(ids), None)
    choices = [(f"{one.name} · {TITLES.get(one.net, one.net)}", one.id) for one in models]
    return gr.Dropdown(choices=choices, value=value)
