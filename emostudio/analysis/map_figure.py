"""The picture of a map: a dot a clip; groups differ by color, symbol and a word among them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from emostudio.analysis.listening_figures import COLORS, GRAY, GRID
from emostudio.values import EMOTIONS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

# As on the pages (assets/style.css), in the order of EMOTIONS.
INKS = "#8b95a7 #14b8a6 #f59e0b #3b82f6 #ef4444 #8b5cf6 #65a30d #ec4899 #a8896c".split()
EMOTION_COLORS: dict[str, str] = dict(zip(EMOTIONS, INKS, strict=True))
SYMBOLS = "circle square diamond cross triangle-up star x triangle-down hexagon pentagon".split()
UNTOLD = "not told"
MOST_WORDS = 12  # groups that get a word on the picture
AXES = {"plane": ("valence", "arousal")}
HEIGHT = 620  # pixels
INK = "#111827"


@dataclass(frozen=True)
class Group:
    """Clips of one label: their places on the map, and how they are drawn."""

    name: str
    places: np.ndarray
    color: str
    symbol: str


def groups_of(labels: Sequence[str]) -> list[Group]:
    """Groups of N labels: emotions in their usual order, others by name, clips without one last.

    >>> [group.name for group in groups_of(["sad", "happy", "", "sad"])]
    ['happy', 'sad', 'not told']
    """
    column = np.array(labels, dtype=str)
    groups = []
    for number, name in enumerate(sorted({label for label in labels if label}, key=_order)):
        # Colors and symbols go round at different paces: their pairs repeat late.
        color = EMOTION_COLORS.get(name) or COLORS[number % len(COLORS)]
        symbol = SYMBOLS[number % len(SYMBOLS)]
        groups.append(Group(name, np.flatnonzero(column == name), color, symbol))
    untold = np.flatnonzero(column == "")
    return groups + ([Group(UNTOLD, untold, GRAY, "circle-open")] if len(untold) else [])


def axes_of(method: str) -> tuple[str, str]:
    """What the two directions of a picture are called; those of most have no name."""
    return AXES.get(method, ("", ""))


def scatter(
    points: np.ndarray,
    labels: Sequence[str],
    told: Sequence[Sequence[str]],
    *,
    title: str,
    axes: tuple[str, str] = ("", ""),
) -> Figure:
    """Draw a map.

    Args:
        points: (N, 2).
        labels: N labels that decide color and symbol.
        told: N lists of lines that a dot says under the mouse.
        title: of the legend.
        axes: titles of both.
    """
    from plotly import graph_objects as go

    figure = go.Figure()
    groups = groups_of(labels)
    for group in groups:
        figure.add_trace(
            go.Scattergl(
                x=points[group.places, 0],
                y=points[group.places, 1],
                name=_plain(group.name),
                mode="markers",
                marker={"color": group.color, "symbol": group.symbol, "size": 8, "opacity": 0.8},
                customdata=group.places,
                text=["<br>".join(map(_plain, told[int(n)])) for n in group.places],
                hovertemplate="%{text}<extra></extra>",
            )
        )
    if len(groups) <= MOST_WORDS:
        for group in groups:  # above its middle: a dot that is alone is seen too
            x, y = np.median(points[group.places], axis=0)
            figure.add_annotation(x=float(x), y=float(y), text=_plain(group.name))
        figure.update_annotations(
            showarrow=False,
            yshift=14,
            font_color=INK,
            bgcolor="rgba(255, 255, 255, .72)",
            borderpad=1,
        )
    figure.update_layout(
        height=HEIGHT,
        legend_title_text=title,
        legend_itemsizing="constant",
        margin={"l": 10, "r": 10, "t": 20, "b": 30},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": GRAY, "size": 12},
        hovermode="closest",
        dragmode="pan",
    )
    bare = not any(axes)
    for name, update in (("x", figure.update_xaxes), ("y", figure.update_yaxes)):
        update(
            title=axes["xy".index(name)],
            gridcolor=GRID,
            zeroline=False,
            showticklabels=not bare,
            automargin=True,
        )
    return figure


def _plain(text: str) -> str:
    return escape(text, quote=False)  # plotly.js reads tags, and knows no name of a quote


def _order(name: str) -> tuple[int, list[tuple[int, str]]]:
    if name in EMOTIONS:
        return EMOTIONS.index(name), []
    parts = re.split(r"(\d+)", name)  # 2 before 10
    return len(EMOTIONS), [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
