"""From draft to link: what is in the way, the width to expect, a dry run, freezing, closing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urlsplit

import gradio as gr

from emostudio.listening.protocol import Protocol
from emostudio.storage.tables import Study
from emostudio.studies import authoring, freezing
from emostudio.web.admin.desk import STATES, Desk, actor_of
from emostudio.web.admin.parts.clips import chosen
from emostudio.web.errors import in_words

Updates = dict[Any, Any]
PANEL = (
    "<p class='note'>A panel may add its name of a listener to the link, as "
    "<code>?PROLIFIC_PID=…</code>; it comes with the answers.</p>"
)
NONE = (
    "<p class='note'>No study is chosen. Choose one above, or make one at "
    "<a href='./'>Studies</a>.</p>"
)
AT_HOME = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Opening:
    """The components of this part."""

    state: gr.HTML
    freeze: gr.Button
    close: gr.Button
    copy: gr.Button
    listed: gr.Checkbox

    def outputs(self) -> list[Any]:
        """Return the components that `shown` updates."""
        return [self.state, self.freeze, self.close, self.listed]

    def shown(
        self, study: Study, done: int, problems: list[str], warnings: list[str], home: str
    ) -> Updates:
        """Return the updates that show how far a study is.

        Args:
            study: the study.
            done: listeners who have finished.
            problems: what keeps a draft from being frozen.
            warnings: what its author should know.
            home: the address of this app.
        """
        draft = study.state == "draft"
        link = f"{home}/t/{study.slug}"
        return {
            self.state: _state(study)
            + (_draft(problems, warnings) if draft else _live(study, link, done)),
            self.freeze: gr.Button(visible=draft, interactive=not problems),
            self.close: gr.Button(visible=study.state == "live"),
            self.listed: gr.Checkbox(value=study.listed, visible=study.state == "live"),
        }


def opening() -> Opening:
    """Build it, empty."""
    state = gr.HTML(NONE, elem_id="state")
    freeze = gr.Button(
        "Freeze and open to listeners", variant="primary", visible=False, elem_id="freeze"
    )
    listed = gr.Checkbox(
        label="On the public page Listen",
        info="Otherwise only who has the link finds it.",
        visible=False,
        elem_id="listed",
    )
    with gr.Row():
        copy = gr.Button("Copy as a draft", size="sm", min_width=120, elem_id="copy")
        close = gr.Button("Close", size="sm", min_width=120, visible=False, elem_id="close")
    return Opening(state, freeze, close, copy, listed)


def connect_opening(
    part: Opening,
    desk: Desk,
    study: gr.Dropdown,
    refresh: Callable[[str, gr.Request], Updates],
    outputs: Sequence[Any],
    offered: Callable[[str], Updates],
) -> None:
    """Freeze, close, list and copy; `offered` gives the updates of the choice of studies."""
    private: dict[str, Any] = {"api_visibility": "private", "show_progress_on": [part.state]}

    def freeze(slug: str | None, request: gr.Request) -> Updates:
        with in_words():
            slug = chosen(slug)
            freezing.freeze(desk.db, desk.sounds, slug, actor=actor_of(request))
            return refresh(slug, request) | offered(slug)

    def close(slug: str | None, request: gr.Request) -> Updates:
        with in_words():
            slug = chosen(slug)
            authoring.close(desk.db, slug, actor=actor_of(request))
            return refresh(slug, request) | offered(slug)

    def copy(slug: str | None, request: gr.Request) -> Updates:
        with in_words():
            made = authoring.copy_as_draft(desk.db, chosen(slug), actor=actor_of(request))
            return offered(made)

    def put_on_list(slug: str | None, listed: bool, request: gr.Request) -> None:
        with in_words():
            actor = actor_of(request)
            authoring.put_on_list(desk.db, chosen(slug), listed=listed, actor=actor)
        gr.Info("It is on the page Listen." if listed else "It is no longer on the page Listen.")

    changed = [study, *outputs]
    part.freeze.click(freeze, study, changed, **private)
    part.close.click(close, study, changed, **private)
    part.copy.click(copy, study, study, **private)
    part.listed.input(put_on_list, [study, part.listed], None, **private)


def _state(study: Study) -> str:
    return (
        f"<h2><span class='state {study.state}'>{STATES[study.state]}</span> "
        f"{escape(study.protocol['title'])}</h2>"
    )


def _draft(wrong: list[str], said: list[str]) -> str:
    mend = "".join(f"<li>{escape(sentence)}</li>" for sentence in wrong)
    know = "".join(f"<li>{escape(sentence)}</li>" for sentence in said)
    parts = [
        f"<h3>To mend before it can be frozen</h3><ul class='mend'>{mend}</ul>" if wrong else "",
        f"<h3>Good to know</h3><ul class='note know'>{know}</ul>" if said else "",
        ""
        if wrong
        else "<p class='note'>Nothing is in the way. Once frozen, neither protocol nor clips "
        "change; an edit makes a new draft.</p>",
    ]
    return "".join(parts)


def _live(study: Study, link: str, done: int) -> str:
    planned = Protocol.from_json(study.protocol).listeners
    host = urlsplit(link).hostname
    alone = (
        "<p class='note warn'>This address works on this machine alone. Set EMOSTUDIO_HOST to "
        "0.0.0.0, start EmoStudio again, and open /admin by the name of this machine.</p>"
        if host in AT_HOME
        else ""
    )
    labels = study.kind == "label"
    progress = "" if labels else f"<p>{done} of {planned} listeners have finished.</p>"
    results = "labels" if labels else "results"
    return (
        f"{progress}<p><a id='link' href='{escape(link)}' target='_blank' rel='noopener'>"
        f"{escape(link)}</a></p><div class='qr' role='img' aria-label='QR code of the link'>"
        f"{_qr(link)}</div>{alone}"
        "<dl class='facts'><dt>Completion code</dt>"
        f"<dd><code id='completion'>{escape(study.completion_code)}</code></dd>"
        f"<dt>Protocol</dt><dd><code>{study.protocol_hash[:16]}</code></dd></dl>{PANEL}"
        f"<p class='links'><a href='{results}?study={study.slug}'>{results.capitalize()}</a></p>"
    )


def _qr(link: str) -> str:
    import segno

    return segno.make(link, error="m").svg_inline(
        border=2, dark="#111827", light="#fff", omitsize=True
    )


def home_of(request: gr.Request) -> str:
    """Return the address by which this administrator's browser knows EmoStudio."""
    headers = dict(request.headers)
    return headers.get("origin") or f"http://{headers.get('host', 'localhost')}"
