"""What a take brings: player, asked against got, picture and downloads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from emostudio.values import Take
from emostudio.web.components.asked_got import asked_got
from emostudio.web.components.picture import picture
from emostudio.web.components.sentences import sentence_queue
from emostudio.web.components.status import status_line
from emostudio.web.visit import Entry

EMPTY = (
    "<section class='awaiting'><svg viewBox='0 0 120 32' aria-hidden='true'>"
    "<path d='M2 16h10l4-9 6 18 7-24 7 30 7-24 6 16 5-12 5 8 4-3h9l4-6 6 12 6-9 4 3h26'/></svg>"
    "<p>Your take will be heard and seen here.</p>"
    "<p class='note'>Press <kbd>Ctrl</kbd> + <kbd>Enter</kbd> to speak.</p></section>"
)


@dataclass(frozen=True)
class Result:
    """The components of this part."""

    empty: gr.HTML
    status: gr.HTML
    sentences: gr.HTML
    player: gr.Audio
    wav: gr.DownloadButton
    passport: gr.DownloadButton
    asked_got: gr.HTML
    picture: gr.Plot

    def outputs(self) -> list[Any]:
        """Return every component that a take changes."""
        return [
            self.status,
            self.sentences,
            self.player,
            self.wav,
            self.passport,
            self.asked_got,
            self.picture,
        ]

    def shown(self, entry: Entry, view: dict[str, Any], *, autoplay: bool) -> dict[Any, Any]:
        """Return the updates that show a kept take."""
        return {
            self.status: view.get("note"),
            self.player: gr.Audio(value=entry.wav, autoplay=autoplay),
            self.wav: gr.DownloadButton(value=entry.wav),
            self.passport: gr.DownloadButton(value=entry.passport),
            self.asked_got: view["asked_got"],
            self.picture: restored(view["picture"]),
        }


def view_of(take: Take, note: str | None = None) -> dict[str, Any]:
    """Return what is shown beside the player, ready to be kept as JSON."""
    return {
        "asked_got": asked_got(take.read_back),
        "picture": picture(take).to_json(),
        "note": note,
    }


def restored(picture_json: str) -> Any:
    """Return the figure that was kept as JSON."""
    import plotly.io

    return plotly.io.from_json(picture_json, skip_invalid=True)


def result() -> Result:
    """Build it, empty.

    The style sheet shows it once the player has sound: parts of a column that Gradio makes
    visible can miss a value that arrives at the same moment.
    """
    status = status_line()
    empty = gr.HTML(EMPTY, elem_id="empty")
    sentences = sentence_queue()
    with gr.Column(elem_id="result"):
        player = gr.Audio(
            label="Take",
            type="filepath",
            interactive=False,
            buttons=[],
            waveform_options=gr.WaveformOptions(show_recording_waveform=False),
            elem_id="player",
        )
        with gr.Row(elem_classes="downloads"):
            wav = gr.DownloadButton("Download WAV", size="sm", min_width=120, elem_id="get-wav")
            passport = gr.DownloadButton(
                "Download passport", size="sm", min_width=120, elem_id="get-passport"
            )
        shown = gr.HTML(elem_id="asked-got")
        plot = gr.Plot(label="Wave, mel and F0", show_label=False, elem_id="picture")
    return Result(empty, status, sentences, player, wav, passport, shown, plot)
