"""What speaks: the engines whose checkpoints are here, and what each leaves out of the form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr

from emostudio.studies.collecting import SYSTEMS
from emostudio.values import ENGINES

# Where nothing is diffused there is nothing to steer.
ONE_PASS = ("diemo",)


def engine_picker(engines: Mapping[str, str]) -> gr.Radio:
    """Build it for engines by name, each with a line on it; a single one is no choice."""
    names = list(engines) or [ENGINES[0]]
    return gr.Radio(
        [(SYSTEMS[name], name) for name in names],
        value=names[0],
        label="Engine",
        info=" ".join(engines.values()),
        visible=len(names) > 1,
        elem_id="engine",
    )


def of_sampler(engine: gr.Radio, *controls: gr.Row | gr.Dropdown | gr.Radio) -> None:
    """Show these controls while the engine that is chosen has a sampler."""

    def shown(name: str) -> Any:
        updates = [type(control)(visible=name not in ONE_PASS) for control in controls]
        return updates if len(updates) > 1 else updates[0]

    engine.change(shown, engine, list(controls), api_visibility="private", show_progress="hidden")
