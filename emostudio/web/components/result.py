"""What a take brings: player, asked against got, picture and downloads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from emostudio.values import Take
from emostudio.web.components.asked_got import asked_got
from emostudio.web.components.picture import picture
from emostudio.web.components.player import Player, awaiting, player
from emostudio.web.visit import Entry


@dataclass(frozen=True)
class Result(Player):
    """The components of this part."""

    asked_got: gr.HTML
    picture: gr.Plot

    def outputs(self) -> list[Any]:
        """Return every component that a take changes."""
        return [*super().outputs(), self.asked_got, self.picture]

    def shown(self, entry: Entry, view: dict[str, Any], *, autoplay: bool) -> dict[Any, Any]:
        """Return the updates that show a kept take."""
        return super().shown(entry, view, autoplay=autoplay) | {
            self.asked_got: view["asked_got"],
            self.picture: restored(view["picture"]),
        }


def view_of(take: Take, note: str | None = None) -> dict[str, Any]:
    """Return what is shown beside the player, ready to be kept as JSON."""
    return {
        "asked_got": asked_got(take.read_back, take.passport),
        "picture": picture(take).to_json(),
        "note": note,
    }


def restored(picture_json: str) -> Any:
    """Return the figure that was kept as JSON."""
    import plotly.io

    return plotly.io.from_json(picture_json, skip_invalid=True)


def result() -> Result:
    """Build it, empty."""
    promise = awaiting("Your take will be heard and seen here.", "speak")
    with player("Take", promise) as parts:
        shown = gr.HTML(elem_id="asked-got")
        plot = gr.Plot(label="Wave, mel and F0", show_label=False, elem_id="picture")
    return Result(**vars(parts), asked_got=shown, picture=plot)
