"""What a job told of its steps, as series for the picture of its losses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from emostudio.jobs.run_folder import Event

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

FIRST = ("model/loss", "loss")  # what is trained on, by the names it may have


def in_line(events: Sequence[Event]) -> list[Event]:
    """Return the steps in their order; those that a resumed job did anew are told by it alone."""
    kept: list[Event] = []
    for event in events:
        if event.kind == "step":
            while kept and kept[-1].step >= event.step:
                kept.pop()
            kept.append(event)
    return kept


def drawn_curves(steps: Sequence[Event], of: int) -> Figure:
    """Draw the losses of steps, that which is trained on first, and the learning rate."""
    from emostudio.analysis.training_figures import curves

    told = [event.values.get("losses") or {} for event in steps]
    names = sorted(
        {name for losses in told for name in losses}, key=lambda name: (name not in FIRST, name)
    )
    return curves(
        [event.step for event in steps],
        {name.removeprefix("model/"): [losses.get(name) for losses in told] for name in names},
        [event.values.get("rate") for event in steps],
        of,
    )
