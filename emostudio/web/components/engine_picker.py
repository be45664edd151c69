"""What speaks or converts: the models that are here, and what each leaves out of the form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import gradio as gr

from emostudio.studies.collecting import called

# Where nothing is diffused there is nothing to steer.
ONE_PASS = ("diemo",)
Offers = Callable[[], Mapping[str, str]]


def engine_picker(offers: Offers, usual: str) -> gr.Radio:
    """Build it for what `offers` names, each with a line on it; a single one is no choice.

    It asks again whenever the page is opened: an administrator may have promoted a model since.
    Where no checkpoint is here, `usual` stands there all the same.
    """

    def choice() -> dict[str, Any]:
        names = offers() or {usual: ""}
        return {
            "choices": [(_label(name, line), name) for name, line in names.items()],
            "value": next(iter(names)),
            "info": " ".join(line for name, line in names.items() if ":" not in name),
            "visible": len(names) > 1,
        }

    picker = gr.Radio(label="Engine", elem_id="engine", **choice())
    gr.on(
        None,
        lambda: gr.Radio(**choice()),
        None,
        picker,
        api_visibility="private",
        show_progress="hidden",
    )
    return picker


def _label(name: str, line: str) -> str:
    system, _, tuned = name.partition(":")
    return f"{called(system)}, {line} {tuned}" if tuned and line else called(name)


def of_sampler(engine: gr.Radio, *controls: gr.Row | gr.Dropdown | gr.Radio) -> None:
    """Show these controls while the engine that is chosen has a sampler."""

    def shown(name: str) -> Any:
        sampled = name.partition(":")[0] not in ONE_PASS
        updates = [type(control)(visible=sampled) for control in controls]
        return updates if len(updates) > 1 else updates[0]

    engine.change(shown, engine, list(controls), api_visibility="private", show_progress="hidden")
