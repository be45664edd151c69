"""Studies: all there are, and a new one from a template or from a protocol's file."""

from __future__ import annotations

import tempfile
from html import escape
from pathlib import Path

import gradio as gr

from emostudio.listening.kinds import KINDS
from emostudio.listening.protocol import Protocol
from emostudio.storage import authored, taken
from emostudio.storage.tables import Study
from emostudio.studies import authoring
from emostudio.studies.protocol_file import make_anew
from emostudio.web.admin.desk import STATES, Desk, actor_of, head
from emostudio.web.admin.parts.files import given
from emostudio.web.errors import in_words

OPEN = "slug => slug && location.assign('study?study=' + encodeURIComponent(slug))"


def build(desk: Desk) -> None:
    """Build the page."""
    head(desk, "Listening tests and labels.")
    with gr.Row(elem_classes="bench office"):
        with gr.Column(scale=6, min_width=320, elem_classes="outcome"):
            gr.HTML("<h2>Studies</h2>")
            listed = gr.HTML(elem_id="studies")
        with gr.Column(scale=5, min_width=320, elem_classes="desk"):
            with gr.Column(elem_classes="card"):
                gr.HTML("<h2>New study</h2>")
                title = gr.Textbox(
                    label="Title", placeholder="What is tested, on what", elem_id="title"
                )
                kind = gr.Radio(
                    [(about.title, name) for name, about in KINDS.items()],
                    value="mos",
                    label="What is asked",
                    elem_id="kind",
                )
                question = gr.HTML(elem_id="asks")
                create = gr.Button("Create a draft", variant="primary", elem_id="create")
            with gr.Column(elem_classes="card"):
                gr.HTML(
                    "<h2>From a protocol</h2><p class='note'>The file of a study makes it anew, "
                    "as a draft. Clips that are not here come with it, single or in a zip.</p>"
                )
                files = gr.File(
                    label="Protocol (.json) and clips",
                    file_count="multiple",
                    type="filepath",
                    height=110,
                    elem_id="protocol-files",
                )
                anew = gr.Button("Make it anew", size="sm", elem_id="anew")
    slug = gr.Textbox("", visible="hidden")  # a script reads it

    def shown() -> str:
        with in_words():
            return drawn(desk)

    def asks(kind: str) -> str:
        return f"<p class='note'>“{escape(KINDS[kind].question)}”</p>"

    def created(title: str, kind: str, request: gr.Request) -> str:
        with in_words():
            protocol = Protocol(kind, title or "")
            return authoring.create(desk.db, protocol, actor=actor_of(request))

    def made_anew(files: list[str] | None, request: gr.Request) -> str:
        with in_words(), tempfile.TemporaryDirectory(dir=desk.db.data_dir) as folder:
            clips = given([Path(file) for file in files or ()], Path(folder))
            protocols = [clips.pop(name) for name in list(clips) if name.lower().endswith(".json")]
            if len(protocols) != 1:
                raise ValueError(f"There are {len(protocols)} protocols. Give one .json file.")
            text = protocols[0].read_text(encoding="utf-8", errors="replace")
            return make_anew(
                desk.db, desk.sounds, text, list(clips.values()), actor=actor_of(request)
            )

    gr.on(None, shown, None, listed, api_visibility="private")
    gr.on(None, asks, kind, question, api_visibility="private")
    kind.change(asks, kind, question, api_visibility="private", show_progress="hidden")
    for event in (
        create.click(created, [title, kind], slug, api_visibility="private"),
        anew.click(made_anew, files, slug, api_visibility="private"),
    ):
        event.success(None, slug, None, js=OPEN)


def drawn(desk: Desk) -> str:
    """Draw the studies as cards, the newest first."""
    with desk.db.read() as session:
        cards = []
        for study in authored.all_studies(session):
            clips = len(authored.stimuli_of(session, study.id))
            done = [row.state for row in taken.assignments_of(session, study.id)].count("done")
            cards.append(_card(study, clips, done))
    return (
        f"<ul class='studies'>{''.join(cards)}</ul>"
        if cards
        else "<p class='note'>There is no study yet. Create a draft, add clips to it, try it with "
        "simulated listeners, and freeze it: that gives the link for your listeners.</p>"
    )


def _card(study: Study, clips: int, done: int) -> str:
    about = KINDS[study.kind]
    planned = study.protocol["listeners"]
    said = "" if study.state == "draft" else f" · {done} of {planned} listeners have finished"
    results = "labels" if study.kind == "label" else "results"
    return (
        f"<li class='card'><p><span class='state {study.state}'>{STATES[study.state]}</span> "
        f"<a class='said' href='study?study={study.slug}'>{escape(study.protocol['title'])}</a></p>"
        f"<p class='note'>{escape(about.title)} · {clips} clips{said}</p>"
        f"<p class='links'><a href='study?study={study.slug}'>Open</a>"
        f"<a href='{results}?study={study.slug}'>{results.capitalize()}</a></p></li>"
    )
