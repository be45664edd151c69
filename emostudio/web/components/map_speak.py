"""What is said from a place of the map, and by whom; DiEmo speaks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from emostudio.values import Request
from emostudio.web.components.map_details import Picked
from emostudio.web.runs import Buttons, run_buttons

SPEAK = "Speak from the map"
MAX_TEXT = 500  # characters; a click should be heard soon
TEXT = "The door is open, and somebody is waiting for you."


@dataclass(frozen=True)
class MapSpeak:
    """The components of this part."""

    text: gr.Textbox
    voice: gr.Dropdown
    at_once: gr.Checkbox
    buttons: Buttons

    def inputs(self) -> list[gr.components.Component]:
        """Return every component that a Request is read from."""
        return [self.text, self.voice]

    def request(self, values: Mapping[Any, Any], picked: Picked | None) -> Request:
        """Read what is asked.

        Raises:
            ValueError: something is missing; the sentence says what.
        """
        return request_from(values[self.text], values[self.voice], picked)


def map_speak(voices: Mapping[str, str], *, interactive: bool) -> MapSpeak:
    """Build it; `voices` are presets and their languages."""
    with gr.Column(elem_classes="card action", elem_id="say"):
        text = gr.Textbox(
            TEXT, label="Text to speak from the map", lines=2, max_lines=6, elem_id="text"
        )
        with gr.Row(elem_classes="asked"):
            voice = gr.Dropdown(
                [(f"{name} ({lang})", name) for name, lang in voices.items()],
                value=next(iter(voices), None),
                label="Voice",
                min_width=140,
                elem_id="voice",
            )
            at_once = gr.Checkbox(
                True,
                label="Speak at once",
                info="Where a dot has no recording here, a take like it is spoken.",
                min_width=140,
                elem_id="at-once",
            )
        buttons = run_buttons(SPEAK, "speak", interactive=interactive)
    return MapSpeak(text, voice, at_once, buttons)


def request_from(
    text: str | None, voice: str | None, picked: Picked | None, seed: int = 0
) -> Request:
    """Return the request that speaks a text from what is picked.

    Raises:
        ValueError: nothing is picked that could be spoken from, or the text or voice is missing.
    """
    if picked is None:
        raise ValueError("Nothing is picked yet; click a dot or an empty place of the map.")
    if not picked.path:
        raise ValueError("This map was made without DiEmo, so nothing can be spoken from it.")
    if len(text or "") > MAX_TEXT:
        raise ValueError(
            f"The text has {len(text or '')} characters; from the map {MAX_TEXT} is the limit."
        )
    if not voice:
        raise ValueError("Choose a voice.")
    return Request(text or "", voice=voice, engine="diemo", emotion_path=picked.path, seed=seed)
