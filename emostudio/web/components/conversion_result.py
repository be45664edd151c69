"""What a conversion brings: player, warnings, contours, asked against got, words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from emostudio.conversion import HOP_S, Converted
from emostudio.web.components.compared import compared, warned
from emostudio.web.components.contours import Contours, contours, traces_of
from emostudio.web.components.player import Player, awaiting, player, sound
from emostudio.web.visit import Entry, still_there


@dataclass(frozen=True)
class ConversionResult(Player):
    """The components of this part; `current` is the id of the entry that is shown."""

    current: gr.State
    source: gr.Audio
    warned: gr.HTML
    contours: Contours
    compared: gr.HTML
    compare_words: gr.Button
    words: gr.HTML

    def outputs(self) -> list[Any]:
        """Return every component that a conversion changes."""
        own = [self.current, self.source, self.warned, self.contours.picture, self.compared]
        return [*super().outputs(), *own, self.words]

    def shown(self, entry: Entry, view: dict[str, Any], *, autoplay: bool) -> dict[Any, Any]:
        """Return the updates that show a kept conversion."""
        return super().shown(entry, view, autoplay=autoplay) | {
            self.current: entry.id,
            self.source: still_there(view["source"]),
            self.warned: view["warned"],
            self.contours.picture: view["contours"],
            self.compared: view["compared"],
            self.words: None,
        }


def view_of(converted: Converted, source: str, note: str | None = None) -> dict[str, Any]:
    """Return what is shown beside the player, ready to be kept; `source` is a file to hear."""
    return {
        "source": source,
        "source_s": len(converted.source.f0) * HOP_S,  # of it, as far as it was converted
        "warned": warned(converted),
        "contours": traces_of(converted),
        "compared": compared(converted.read_back, converted.passport),
        "note": note,
    }


def conversion_result() -> ConversionResult:
    """Build it, empty."""
    current = gr.State("")
    promise = awaiting(
        "The same voice, in another emotion, will be heard and seen here.", "convert"
    )
    with player("Result", promise) as parts:
        source = sound("Source, to compare", "heard-source")
        warned = gr.HTML(elem_id="warned")
        drawn = contours()
        shown = gr.HTML(elem_id="asked-got")
        compare = gr.Button("Compare the words", size="sm", elem_id="compare-words")
        words = gr.HTML(
            None,
            html_template="<p class='drawn note' role='status'>${value || ''}</p>",
            elem_id="words",
        )
    return ConversionResult(
        **vars(parts),
        current=current,
        source=source,
        warned=warned,
        contours=drawn,
        compared=shown,
        compare_words=compare,
        words=words,
    )
