"""What every result begins with: the line of what goes on, parts as they come, player, files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import gradio as gr

from emostudio.web.components.sentences import sentence_queue
from emostudio.web.components.status import status_line
from emostudio.web.visit import Entry


@dataclass(frozen=True)
class Player:
    """The components of this part."""

    empty: gr.HTML
    status: gr.HTML
    sentences: gr.HTML
    player: gr.Audio
    wav: gr.DownloadButton
    passport: gr.DownloadButton

    def outputs(self) -> list[Any]:
        """Return every component that a result changes."""
        return [self.status, self.sentences, self.player, self.wav, self.passport]

    def shown(self, entry: Entry, view: dict[str, Any], *, autoplay: bool) -> dict[Any, Any]:
        """Return the updates that show a kept result."""
        return {
            self.status: view.get("note"),
            self.player: gr.Audio(value=entry.wav, autoplay=autoplay),
            self.wav: gr.DownloadButton(value=entry.wav),
            self.passport: gr.DownloadButton(value=entry.passport),
        }


def awaiting(promise: str, key: str) -> str:
    """Draw what stands in the place of a result until there is one."""
    return (
        "<section class='awaiting'><svg viewBox='0 0 120 32' aria-hidden='true'>"
        "<path d='M2 16h10l4-9 6 18 7-24 7 30 7-24 6 16 5-12 5 8 4-3h9l4-6 6 12 6-9 4 3h26'/></svg>"
        f"<p>{promise}</p><p class='note'>Press <kbd>Ctrl</kbd> + <kbd>Enter</kbd> to {key}.</p>"
        "</section>"
    )


def sound(label: str, elem_id: str) -> gr.Audio:
    """Make a player of one sound, a plain one that keyboards and screen readers know."""
    return gr.Audio(
        label=label,
        type="filepath",
        interactive=False,
        buttons=[],
        waveform_options=gr.WaveformOptions(show_recording_waveform=False),
        elem_id=elem_id,
    )


@contextmanager
def player(label: str, empty: str) -> Iterator[Player]:
    """Build it without sound; what is built inside the `with` comes below the downloads.

    The style sheet shows it once the player has sound: parts of a column that Gradio makes
    visible can miss a value that arrives at the same moment.
    """
    status = status_line()
    nothing = gr.HTML(empty, elem_id="empty")
    sentences = sentence_queue()
    with gr.Column(elem_id="result"):
        audio = sound(label, "player")
        with gr.Row(elem_classes="downloads"):
            wav = gr.DownloadButton("Download WAV", size="sm", min_width=120, elem_id="get-wav")
            passport = gr.DownloadButton(
                "Download passport", size="sm", min_width=120, elem_id="get-passport"
            )
        yield Player(nothing, status, sentences, audio, wav, passport)
