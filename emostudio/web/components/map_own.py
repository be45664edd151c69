"""Clips of a visitor's own: one that is placed on the map, or a zip that becomes a map.

A map is made by a process of its own; the browser keeps the keys of its visitor's maps, so that a
reload loses none. The list is drawn by assets/map/own.js with text nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from emostudio.settings import Settings
from emostudio.web.components.consent import consent_box
from emostudio.web.components.map_view import MapView
from emostudio.web.components.voice_picker import sound_input
from emostudio.web.errors import in_words
from emostudio.web.map_shelf import Made, Shelf, begin, forget, progress, stored, to_store
from emostudio.web.runs import QUIET

CONSENT = "It is mine, or its owner has agreed. It is deleted within a day and shown to nobody."
TICK = "Tick 'I may use this voice' first: it says that the recording is yours to use."


@dataclass(frozen=True)
class OwnClips:
    """The components of this part; `kept` lies in the browser."""

    consent: gr.Checkbox
    clip: gr.Audio
    zip: gr.File
    begin: gr.Button
    listed: gr.HTML
    kept: gr.BrowserState
    timer: gr.Timer


def own_clips() -> OwnClips:
    """Build it."""
    with gr.Column(elem_classes="card", elem_id="own"):
        gr.HTML("<h2>Your own clips</h2>")
        consent = consent_box(CONSENT, visible=True)
        clip = sound_input("A recording to place on this map", "map-clip")
        with gr.Accordion("Map a zip of clips", open=False, elem_id="map-zip"):
            gr.HTML(
                "<p class='note'>Up to 100 MB of sound files; a metadata.csv in the zip may tell "
                "file, emotion, speaker, intensity and text, and a folder called like an emotion "
                "tells that. It takes minutes; you may leave this page and come back.</p>"
            )
            archive = gr.File(file_types=[".zip"], label="Zip", height=120, elem_id="zip")
            start = gr.Button("Map these clips", elem_id="map-start")
        listed = gr.HTML(
            [],
            html_template="",
            js_on_load="emostudio.atlas.own(element, props, watch, "
            "id => trigger('open', {id}), id => trigger('forget', {id}))",
            elem_id="own-maps",
        )
    # What it hides is random and the visitor's own, so its key need not be a secret.
    kept = gr.BrowserState([], storage_key="emostudio-maps", secret="emostudio-maps")
    return OwnClips(consent, clip, archive, start, listed, kept, gr.Timer(1.5, active=False))


def connect_own(part: OwnClips, view: MapView, shelf: Shelf, settings: Settings) -> None:
    """Begin to map a zip, watch it, open it, and forget it."""
    changed = [part.kept, part.listed, part.timer, view.which]

    def shown(made: list[Made]) -> dict[Any, Any]:
        rows = [_row(one) for one in made]
        return {
            part.listed: rows,
            part.timer: gr.Timer(active=any(row["state"] == "running" for row in rows)),
            view.which: gr.Dropdown(choices=shelf.choices(made)),
        }

    def started(file: str | None, told: Any, consent: bool) -> dict[Any, Any]:
        with in_words():
            if not file:
                raise ValueError("There is no zip yet; upload one.")
            if not consent:
                raise ValueError(TICK)
            made = stored(told)
            made = [*made, begin(Path(file), Path(file).stem, made, settings)]
        return shown(made) | {part.kept: to_store(made)}

    def watched(told: Any, rows: list[dict[str, Any]]) -> dict[Any, Any]:
        made = stored(told)
        now = shown(made)
        if [row["state"] for row in rows or []] == [row["state"] for row in now[part.listed]]:
            del now[view.which]  # a list that a person has open stays as it is
        return now

    def forgotten(told: Any, current: str | None, event: gr.EventData) -> dict[Any, Any]:
        made = stored(told)
        with in_words():
            for one in made:
                if one.key == event.id:
                    forget(one)
        made = [one for one in made if one.key != event.id]
        now = shown(made) | {part.kept: to_store(made)}
        if current == event.id:
            choices = shelf.choices(made)
            first = choices[0][1] if choices else None
            now[view.which] = gr.Dropdown(choices=choices, value=first)
        return now

    # After a reload the browser tells which maps are its visitor's.
    gr.on(None, lambda told: shown(stored(told)), part.kept, changed, **QUIET)
    part.begin.click(
        started,
        [part.zip, part.kept, part.consent],
        changed,
        api_visibility="private",
        concurrency_limit=None,
    )
    part.timer.tick(watched, [part.kept, part.listed], changed, **QUIET)
    part.listed.forget(
        forgotten,
        [part.kept, view.which],
        changed,
        api_visibility="private",
        show_progress="hidden",
        concurrency_limit=None,
    )
    part.listed.open(asked_for, None, view.which, **QUIET)


def asked_for(event: gr.EventData) -> str:
    """Return the key of the map that a person opens."""
    return str(event.id)


def _row(made: Made) -> dict[str, Any]:
    now = progress(made)
    return {
        "key": made.key,
        "name": made.name,
        "state": now.state,
        "share": round(now.share, 3),
        "message": now.message,
    }
