"""Away with a model: to a repository of the Hub, or off this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from emostudio.web.admin.desk import Desk, actor_of
from emostudio.web.errors import in_words

Updates = dict[Any, Any]
SURE = (
    "model => [model, confirm('Delete the files of this model? What it was made of stays known.')]"
)


@dataclass(frozen=True)
class Away:
    """The components of this part."""

    repo: gr.Textbox
    token: gr.Textbox
    private: gr.Checkbox
    push: gr.Button
    pushed: gr.HTML
    delete: gr.Button
    sure: gr.Checkbox


def away() -> Away:
    """Build it."""
    with gr.Accordion("Push to the Hub", open=False, elem_id="push-part"):
        repo = gr.Textbox(
            label="Repository",
            info="It is made where it is not there yet; its page shows the card.",
            placeholder="account/name",
            elem_id="repo",
        )
        token = gr.Textbox(
            label="Token",
            info="One that may write; empty: that of HF_TOKEN. It is not kept.",
            type="password",
            elem_id="token",
        )
        private = gr.Checkbox(True, label="Only for the account that owns it", elem_id="private")
        push = gr.Button("Push", size="sm", elem_id="push")
        pushed = gr.HTML(elem_id="pushed")
    with gr.Row(elem_classes="chips"):
        delete = gr.Button("Delete", elem_id="delete-model")
    return Away(repo, token, private, push, pushed, delete, gr.Checkbox(visible="hidden"))


def connect_away(
    part: Away,
    desk: Desk,
    model: gr.Dropdown,
    refresh: Callable[[], Updates],
    outputs: Sequence[Any],
) -> None:
    """Push and delete; `refresh` gives the updates of the page once the model is gone."""

    def push(
        model_id: str | None, repo: str, token: str, private: bool, request: gr.Request
    ) -> Updates:
        with in_words():
            address = desk.jobs.models.push(
                model_id or "",
                (repo or "").strip(),
                token=(token or "").strip(),
                actor=actor_of(request),
                private=private,
            )
        link = f"<a href='{escape(address)}' target='_blank' rel='noopener'>{escape(address)}</a>"
        return {part.pushed: f"<p role='status'>Pushed to {link}</p>", part.token: ""}

    def delete(model_id: str | None, sure: bool, request: gr.Request) -> Updates:
        with in_words():
            if not sure:
                return gr.skip()  # Gradio takes an empty dictionary for too few values
            name = desk.jobs.models.get(model_id or "").name
            desk.jobs.models.remove(model_id or "", actor=actor_of(request))
            gr.Info(f"{name} is deleted.")
            return refresh()

    private: dict[str, Any] = {"api_visibility": "private"}
    given = [model, part.repo, part.token, part.private]
    part.push.click(push, given, [part.pushed, part.token], **private)
    part.delete.click(delete, [model, part.sure], list(outputs), js=SURE, **private)
