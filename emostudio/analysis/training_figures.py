"""Pictures of a training: losses and learning rate over the steps, and what is heard as what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from emostudio.analysis.listening_figures import COLORS, GRAY, GRID, SHARES

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

POINTS = 400  # of a curve; a screen shows no more
SMOOTHED_OVER = 0.04  # of what has been trained so far
PARTS = 7  # curves beside the loss itself
FAINT = 0.28
CELL = 30  # pixels of an emotion's row
Counts = Mapping[str, Mapping[str, int]]  # by what was meant, by what was heard


def smoothed(values: Sequence[float], weight: float) -> np.ndarray:
    """Average each of (N,) values with those before it, the older the less.

    `weight` in [0, 1) is what is kept of the average a value earlier. Of what is constant nothing
    changes, from the first value on:

    >>> smoothed([2.0, 2.0, 2.0], 0.9).round(6).tolist()
    [2.0, 2.0, 2.0]
    """
    mean = mass = 0.0
    means = []
    for value in values:
        mean = weight * mean + (1 - weight) * value
        mass = weight * mass + 1 - weight
        means.append(mean / mass)
    return np.array(means)


def curves(
    steps: Sequence[int],
    losses: Mapping[str, Sequence[float | None]],
    rates: Sequence[float | None],
    of: int,
) -> Figure:
    """Draw losses over the steps, as they were and smoothed, above the learning rate.

    Args:
        steps: (N,) the steps that were reported.
        losses: (N,) values by name, the loss that is trained on first: that one is shown, the
            others where they are chosen in the legend. None where a step does not tell.
        rates: (N,) the learning rate.
        of: how many steps there will be.
    """
    from plotly.subplots import make_subplots

    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.08, row_heights=[0.74, 0.26]
    )
    for number, (name, values) in enumerate(list(losses.items())[: PARTS + 1]):
        told = _few([(x, y) for x, y in zip(steps, values, strict=True) if y is not None])
        if not told:
            continue
        xs, ys = [x for x, _ in told], [y for _, y in told]
        color, shown = COLORS[number % len(COLORS)], None if number == 0 else "legendonly"
        mild = smoothed(ys, 1 - 1 / max(1.0, SMOOTHED_OVER * len(ys)))
        figure.add_scatter(
            x=xs, y=ys, mode="lines", line={"color": color, "width": 1}, opacity=FAINT,
            legendgroup=name, showlegend=False, hoverinfo="skip", visible=shown, row=1, col=1,
        )  # fmt: skip
        figure.add_scatter(
            x=xs, y=mild.round(5), mode="lines+markers" if len(xs) < 3 else "lines", name=name,
            line={"color": color, "width": 2.4}, legendgroup=name, visible=shown, row=1, col=1,
            hovertemplate="%{y:.4g} at step %{x}<extra>" + name + "</extra>",
        )  # fmt: skip
    told = _few([(x, y) for x, y in zip(steps, rates, strict=True) if y is not None])
    figure.add_scatter(
        x=[x for x, _ in told], y=[y for _, y in told], mode="lines", showlegend=False,
        line={"color": GRAY, "width": 2}, row=2, col=1,
        hovertemplate="%{y:.2g} at step %{x}<extra>learning rate</extra>",
    )  # fmt: skip
    figure.update_layout(
        height=380, hovermode="x", legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"}
    )
    figure.update_xaxes(range=[0, max(of, 1)])
    figure.update_xaxes(title_text="step", row=2, col=1)
    figure.update_yaxes(title_text="loss", row=1, col=1)
    figure.update_yaxes(
        title_text="rate", exponentformat="e", nticks=3, rangemode="tozero", row=2, col=1
    )
    return _styled(figure)


def names_in(systems: Mapping[str, Counts]) -> list[str]:
    """Return all that was meant or heard, what was meant first, for matrices that compare.

    >>> names_in({"a": {"sad": {"angry": 1}}, "b": {"happy": {"sad": 2}}})
    ['sad', 'happy', 'angry']
    """
    meant = [name for counts in systems.values() for name in counts]
    heard = [name for counts in systems.values() for row in counts.values() for name in row]
    return list(dict.fromkeys([*meant, *heard]))


def confusion(title: str, counts: Counts, names: Sequence[str]) -> Figure:
    """Draw what was meant against what was heard: shares of a row, and counts to hover.

    Args:
        title: whose it is.
        counts: how often what was meant was heard as what.
        names: the columns, and in the same order the rows, as far as they were meant.
    """
    from plotly import graph_objects as go

    rows = [name for name in names if name in counts]
    cells = [[counts[row].get(column, 0) for column in names] for row in rows]
    totals = [sum(line) for line in cells]
    shares = [
        [count / total if total else None for count in line]
        for line, total in zip(cells, totals, strict=True)
    ]
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            x=list(names),
            y=rows,
            text=[[f"{share:.0%}" if share else "" for share in line] for line in shares],
            customdata=[
                [f"{count} of {total}" for count in line]
                for line, total in zip(cells, totals, strict=True)
            ],
            texttemplate="%{text}",
            colorscale=SHARES,
            zmin=0,
            zmax=1,
            showscale=False,
            hovertemplate="meant %{y}, heard %{x}: %{customdata}<extra></extra>",
        )
    )
    figure.update_layout(title={"text": title, "font": {"size": 14}}, height=150 + CELL * len(rows))
    figure.update_yaxes(autorange="reversed", type="category", title_text="meant")
    figure.update_xaxes(type="category", tickangle=-40)
    return _styled(figure)


def _few(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """Every so many of the points, and the last one."""
    step = -(-len(points) // POINTS)
    return points if step <= 1 else [*points[:-1:step], points[-1]]


def _styled(figure: Figure) -> Figure:
    figure.update_layout(
        template="none",
        margin={"l": 56, "r": 12, "t": 30, "b": 44},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": GRAY, "size": 12},
        dragmode=False,
    )
    figure.update_xaxes(gridcolor=GRID, zeroline=False, automargin=True)
    figure.update_yaxes(gridcolor=GRID, zeroline=False, automargin=True, title_standoff=8)
    return figure
