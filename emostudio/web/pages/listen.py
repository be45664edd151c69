"""Listen: the tests that are open to everybody, and what such a test is."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import gradio as gr

from emostudio.listening.kinds import KINDS
from emostudio.storage import authored
from emostudio.storage.tables import Study
from emostudio.web.admin.desk import Desk
from emostudio.web.components import header
from emostudio.web.errors import in_words

if TYPE_CHECKING:
    from emostudio.studio import Studio

CLAIM = "Listen to short clips and say what you hear."
ABOUT = (
    "<h2>What a listening test is</h2>"
    "<p>You hear short clips, one question a screen, and answer what you hear: how natural it is, "
    "which emotion, how strong, or which of two is better. Which system made a clip is told to "
    "nobody before the end, neither on the screen nor in what your browser gets.</p>"
    "<p>Sit somewhere quiet, with headphones if you have some. You may stop at any time, go on "
    "later where you stopped, and withdraw your answers with the code that you get. No name, "
    "address or e-mail is kept.</p>"
    "<h2>A test of your own</h2>"
    "<p>Whoever runs EmoStudio makes tests at <a href='/admin'>/admin</a>: send takes there from "
    "Speak and Convert or upload clips, see how wide the intervals will be, try it with simulated "
    "listeners, and freeze it. That gives a link for your listeners. Clips are labelled the same "
    "way, for training.</p>"
)
NONE = (
    "<p class='note'>No test is open to everybody at the moment. If somebody invited you, use the "
    "link that you were given.</p>"
)


def build(studio: Studio) -> None:
    """Build the page."""
    header.header(CLAIM)
    desk = Desk.of(studio)
    with gr.Row(elem_classes="bench"):
        with gr.Column(scale=6, min_width=320, elem_classes="outcome"):
            gr.HTML("<h2>Open tests</h2>")
            tests = gr.HTML(elem_id="open-tests")
        with gr.Column(scale=5, min_width=320), gr.Column(elem_classes="card"):
            gr.HTML(ABOUT, elem_classes="about", elem_id="about-tests")

    def listed() -> str:
        with in_words():
            return drawn(desk)

    gr.on(None, listed, None, tests, api_visibility="private", show_progress="hidden")


def drawn(desk: Desk) -> str:
    """Draw the studies that are live and listed."""
    with desk.db.read() as session:
        studies = authored.all_studies(session)
    cards = [_card(study) for study in studies if study.state == "live" and study.listed]
    return f"<ul class='studies'>{''.join(cards)}</ul>" if cards else NONE


def _card(study: Study) -> str:
    protocol = study.protocol
    question = protocol["question"].strip() or KINDS[study.kind].question
    return (
        f"<li class='card'><h3>{escape(protocol['title'])}</h3>"
        f"<p class='note'>“{escape(question)}”</p>"
        f"<p><a class='button' href='/t/{study.slug}'>Begin</a></p></li>"
    )
