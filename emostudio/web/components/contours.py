"""F0 and energy of source, reference and result over each other, and F0 drawn anew by hand.

Drawn by assets/page.js with the plotly.js of the plotly wheel. What is drawn arrives as text,
"seconds, Hz" a line, which can be typed as well.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from emostudio.conversion import HIGHEST_HZ, HOP_S, LOWEST_HZ, Converted, Tracks

POINTS = 1_200  # of a line, at most
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Contours:
    """The components of this part."""

    picture: gr.HTML
    drawn: gr.Textbox
    again: gr.Button
    forget: gr.Button


def contours() -> Contours:
    """Build it, empty; its event `draw` carries the drawn contour as text."""
    library = plotly_js()
    gr.set_static_paths([str(library)])
    done, path = "text => trigger('draw', {text})", json.dumps(library.as_posix())
    picture = gr.HTML(
        None,
        html_template="<div class='drawn'></div>",
        js_on_load=f"emostudio.contours(element, props, watch, {done}, {path})",
        elem_id="contours",
    )
    gr.HTML(
        f"<p class='note'>Drag over F0 to draw it anew, from {LOWEST_HZ:.0f} to {HIGHEST_HZ:.0f} "
        "Hz. The seconds of a drawing are the result's.</p>"
    )
    with gr.Row(elem_classes="downloads"):
        again = gr.Button("Hear it with this contour", size="sm", min_width=120, elem_id="redraw")
        forget = gr.Button("Forget the drawing", size="sm", min_width=120, elem_id="forget")
    with gr.Accordion("The drawing as numbers", open=False, elem_id="as-numbers"):
        drawn = gr.Textbox(
            label="Points of the drawn contour",
            info=f"One a line: seconds of the result, Hz from {LOWEST_HZ:.0f} to {HIGHEST_HZ:.0f}. "
            "F0 follows the lines that join them, straight in log Hz.",
            placeholder="0.40, 180\n0.90, 240",
            lines=4,
            max_lines=10,
            elem_id="drawn",
        )
    picture.draw(drawn_text, None, drawn, api_visibility="private", show_progress="hidden")
    drawn.change(None, drawn, None, js="text => { emostudio.drawing(text) }")
    forget.click(None, None, drawn, js="() => ''")
    return Contours(picture, drawn, again, forget)


def drawn_text(event: gr.EventData) -> str:
    """Return what the browser says was drawn."""
    return str(event.text)


def plotly_js() -> Path:
    """Find plotly.js without importing plotly, which takes a while.

    Raises:
        ValueError: plotly is not installed.
    """
    found = util.find_spec("plotly")
    if found is None or found.origin is None:
        raise ValueError("plotly is not installed; run pip install -r requirements.txt.")
    return Path(found.origin).parent / "package_data" / "plotly.min.js"


def points_of(text: str) -> Points:
    r"""Read a drawing, one "seconds, Hz" a line, in order of time.

    Raises:
        ValueError: a line is no pair of numbers.

    >>> points_of("1.5, 200\n0.5, 120")
    ((0.5, 120.0), (1.5, 200.0))
    """
    points = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        try:
            seconds, hertz = (float(part) for part in line.replace(";", ",").split(","))
        except ValueError:
            raise ValueError(
                f"'{line[:40]}' is no point of a contour; write seconds and Hz, such as 0.40, 180."
            ) from None
        points.append((seconds, hertz))
    if len(points) == 1:
        raise ValueError("One point draws no contour; add a second, or forget the drawing.")
    return tuple(sorted(points))


def text_of(points: Points) -> str:
    """Write a drawing as `points_of` reads it."""
    return "\n".join(f"{seconds:g}, {hertz:g}" for seconds, hertz in points)


def traces_of(converted: Converted) -> dict[str, Any]:
    """Return what the browser draws: F0 in Hz, none where unvoiced, and energy in dB."""
    tracks = {"source": converted.source, "reference": converted.reference}
    tracks["result"] = converted.result
    lines = {name: _line(each) for name, each in tracks.items() if each is not None}
    frames = max(len(converted.source.f0), len(converted.result.f0))
    return {"duration_s": round(frames * HOP_S, 3), "lines": lines}


def _line(tracks: Tracks) -> dict[str, Any]:
    step = max(1, -(-len(tracks.f0) // POINTS))
    f0 = np.asarray(tracks.f0, float)[::step].round(1)
    return {
        "start_s": HOP_S / 2,  # a frame tells of its center
        "step_s": step * HOP_S,
        "f0": [hertz if hertz > 0 else None for hertz in f0.tolist()],
        "energy": np.asarray(tracks.energy, float)[::step].round(1).tolist(),
    }
