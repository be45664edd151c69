"""The picture of a take: wave, mel and F0 over time, made small before it travels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emostudio.values import Take

if TYPE_CHECKING:
    import plotly.graph_objects as go

POINTS = 300  # columns of the wave's envelope
COLUMNS = 240  # columns of the mel, at most
INK = "#8b5cf6"
GRAY = "#808696"  # reads on white and on near-black alike
GRID = "rgba(128,134,150,.22)"


def envelope(wav: np.ndarray, points: int = POINTS) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest sample of each of `points` equal stretches."""
    edges = np.linspace(0, len(wav), min(points, len(wav)) + 1, dtype=int)[:-1]
    return np.minimum.reduceat(wav, edges), np.maximum.reduceat(wav, edges)


def shrink(mel: np.ndarray, columns: int = COLUMNS) -> np.ndarray:
    """Return a mel as bytes, 0 to 255 between its 2nd and 99.8th percentile, few columns wide."""
    step = max(1, -(-mel.shape[1] // columns))
    few = mel[:, : mel.shape[1] // step * step].reshape(mel.shape[0], -1, step).mean(axis=2)
    low, high = np.percentile(few, [2, 99.8])
    return (np.clip((few - low) / max(high - low, 1e-6), 0, 1) * 255).astype(np.uint8)


def picture(take: Take) -> go.Figure:
    """Draw a take; backgrounds are transparent, so that it sits on light and dark pages."""
    from plotly.subplots import make_subplots

    duration_s = take.clip.duration_s
    figure = make_subplots(
        rows=3, cols=1, shared_xaxes=True, vertical_spacing=0.05, row_heights=[0.24, 0.42, 0.34]
    )
    low, high = envelope(take.clip.wav)
    times = np.linspace(0, duration_s, len(low)).round(3)
    line = {"color": INK, "width": 1}
    figure.add_scatter(x=times, y=high.round(3), line=line, row=1, col=1, hoverinfo="skip")
    figure.add_scatter(
        x=times, y=low.round(3), line=line, fill="tonexty", row=1, col=1, hoverinfo="skip"
    )
    mel = shrink(take.mel)
    figure.add_heatmap(
        z=mel,
        x=np.linspace(0, duration_s, mel.shape[1]).round(3),
        colorscale="Magma",
        showscale=False,
        hoverinfo="skip",
        row=2,
        col=1,
    )
    f0 = np.where(take.f0 > 0, take.f0, np.nan)
    step = max(1, len(f0) // (2 * COLUMNS))
    figure.add_scatter(
        x=np.linspace(0, duration_s, len(f0)).round(3)[::step],
        y=f0[::step].round(1),
        mode="lines",
        line={"color": "#f59e0b", "width": 2},
        hovertemplate="%{y:.0f} Hz at %{x:.2f} s<extra></extra>",
        row=3,
        col=1,
    )
    figure.update_layout(
        template="none",
        height=360,
        showlegend=False,
        margin={"l": 52, "r": 10, "t": 8, "b": 36},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": GRAY, "size": 11},
        dragmode=False,
    )
    figure.update_xaxes(gridcolor=GRID, zeroline=False, range=[0, duration_s])
    figure.update_yaxes(gridcolor=GRID, zeroline=False, title_standoff=6)
    figure.update_xaxes(title_text="seconds", row=3, col=1)
    peak = max(0.05, float(np.abs(take.clip.wav).max(initial=0)))
    figure.update_yaxes(title_text="wave", range=[-peak, peak], nticks=3, row=1, col=1)
    figure.update_yaxes(title_text="mel band", nticks=4, row=2, col=1)
    figure.update_yaxes(title_text="F0, Hz", nticks=4, row=3, col=1)
    return figure
