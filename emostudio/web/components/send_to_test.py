"""Send to test: an administrator sets a take aside for a listening test, without leaving the page.

Nobody else sees it, and whoever calls its event by hand is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from emostudio.studies.clips import MAX_NAME, NewClip
from emostudio.studies.collecting import collect, emotion_asked
from emostudio.web.admin.desk import Desk
from emostudio.web.admin.guard import NOBODY, Authority
from emostudio.web.errors import in_words
from emostudio.web.visit import Entry, entry_of

if TYPE_CHECKING:
    from emostudio.studio import Studio

Described = Callable[[dict[str, Any], Entry], dict[str, Any]]


@dataclass(frozen=True)
class SendToTest:
    """The components: all in one box, which only administrators see."""

    box: gr.Column
    system: gr.Textbox
    send: gr.Button


def send_to_test() -> SendToTest:
    """Build it, unseen."""
    with gr.Column(visible=False, elem_id="for-test") as box, gr.Row():
        name = gr.Textbox(
            label="System, as results name it",
            placeholder="What made the take",
            info="Listeners never see it.",
            min_width=150,
            elem_id="test-system",
        )
        send = gr.Button("Send to test", size="sm", min_width=120, elem_id="send-to-test")
    return SendToTest(box, name, send)


def connect_sending(
    part: SendToTest, studio: Studio, visit: gr.State, *, shown: gr.DownloadButton, told: Described
) -> None:
    """Show it to administrators, and send the take that is shown.

    Args:
        part: what `send_to_test` built.
        studio: whose records and settings these are.
        visit: the entries of this visit.
        shown: holds the file of the take that is shown.
        told: reads from a passport what was asked: fields of `studies.clips.NewClip`.
    """
    desk, authority = Desk.of(studio), Authority.of(studio.settings)

    def allowed(request: gr.Request) -> gr.Column:
        return gr.Column(visible=authority.actor_of(dict(request.cookies)) is not None)

    def send(entries: list[Entry], file: str | None, system: str, request: gr.Request) -> None:
        actor = authority.actor_of(dict(request.cookies))
        with in_words():
            if actor is None:
                raise ValueError(NOBODY)
            if not file:
                raise ValueError("There is no take yet. Make one, then send it.")
            entry = entry_of(entries, Path(file).parent.name)
            passport = entry.read_passport()
            take = NewClip(
                Path(entry.wav),
                system=(system or "").strip()[:MAX_NAME] or entry.system,
                provenance=passport,
                **told(passport, entry),
            )
            added = collect(desk.db, desk.sounds, take, actor=actor)
        already = "" if added else "already "
        gr.Info(f"It {already}waits under Clips of any draft, at /admin.")

    gr.on(None, allowed, None, part.box, api_visibility="private", show_progress="hidden")
    part.send.click(
        send, [visit, shown, part.system], None, api_visibility="private", concurrency_limit=None
    )


def spoken_as_asked(passport: dict[str, Any], entry: Entry) -> dict[str, Any]:
    """Read what was asked of a take of Speak."""
    request = passport["request"]
    nameless = bool(passport.get("emotion_reference") or request.get("emotion_path"))
    return {
        "text": request["text"].strip(),
        "speaker": entry.voice,
        "intensity": request["intensity"],
        **({} if nameless else emotion_asked(request["emotion"])),
    }


def converted_as_asked(passport: dict[str, Any], entry: Entry) -> dict[str, Any]:
    """Read what was asked of a take of Convert; its source stands for the text."""
    asked = passport["conversion"]
    by_name = asked["emotion"] is not None and not passport.get("emotion_reference")
    return {
        "text": entry.title,
        "intensity": asked["intensity"],
        **(emotion_asked(asked["emotion"]) if by_name else {}),
    }
