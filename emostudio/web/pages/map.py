"""Map: clips as dots, alike ones beside each other; hear them, and speak from any place."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from emostudio.maps.placing import SPEAKS, place
from emostudio.values import Clip
from emostudio.web import endpoints_map
from emostudio.web.components import header
from emostudio.web.components.map_details import Picked, again, clip, details, landed, places, point
from emostudio.web.components.map_measures import measured
from emostudio.web.components.map_own import TICK, OwnClips, connect_own, own_clips
from emostudio.web.components.map_send import MapSend, connect_map_sending, map_send
from emostudio.web.components.map_speak import SPEAK, MapSpeak, map_speak
from emostudio.web.components.map_view import MapView, map_view, value_of
from emostudio.web.components.result import Result, result, view_of
from emostudio.web.components.take_list import rows, take_list
from emostudio.web.device import QUEUE, on_device, seconds_for
from emostudio.web.errors import in_words
from emostudio.web.folder import KEPT_S
from emostudio.web.map_shelf import NONE, SHIPPED, Shelf, stored
from emostudio.web.runs import Run, Updates, connect
from emostudio.web.visit import LIMIT, Entry, entry_of, keep

if TYPE_CHECKING:
    from emostudio.studio import Studio

CLAIM = "Walk the space of emotions: clips that feel alike lie side by side."
# Handlers that only look something up: Gradio's box for an error needs the queue, and without a
# limit nobody waits in it.
LIGHT: dict[str, Any] = {
    "api_visibility": "private",
    "show_progress": "hidden",
    "concurrency_limit": None,
}
# Gradio would drop a click that comes before the last one is answered.
EACH = LIGHT | {"trigger_mode": "multiple"}
PRESS = (
    "at_once => { if (at_once && emostudio.atlas.now.silent)"
    " document.querySelector('#speak')?.click() }"
)


@dataclass(frozen=True)
class Page:
    """The components that events of the page read and change."""

    view: MapView
    worth: gr.HTML
    details: gr.HTML
    say: MapSpeak
    shown: Result
    own: OwnClips
    for_test: MapSend
    picked: gr.State
    selected: gr.State
    visit: gr.State
    takes: gr.HTML


def build(studio: Studio, folder: Path = SHIPPED) -> None:
    """Build the page; where a checkpoint or a map is missing it opens all the same and says so."""
    header.header(CLAIM)
    shelf = Shelf(folder)
    voices, trouble = known(studio)
    if trouble:
        header.trouble_notice(trouble, "speak from the map")
    page = lay_out(shelf, voices, can_speak=not trouble)
    connect_looking(page, shelf)
    connect_picking(page, shelf)
    connect_placing(page, shelf, studio)
    connect_speaking(page, shelf, studio)
    connect_own(page.own, page.view, shelf, studio.settings)
    connect_map_sending(page.for_test, studio, shelf, page.view.which, page.selected)
    endpoints_map.build(studio, shelf)


def known(studio: Studio) -> tuple[dict[str, str], str]:
    """Return DiEmo's voices, and a sentence where its checkpoint does not give them."""
    try:
        return studio.voices("diemo"), ""
    except ValueError as error:
        return {}, str(error)


def lay_out(shelf: Shelf, voices: dict[str, str], *, can_speak: bool) -> Page:
    """Place everything: the map on the left, what is picked and what came of it on the right."""
    choices = shelf.choices([])
    with gr.Row(elem_classes="bench"):
        with gr.Column(scale=7, min_width=320, elem_classes="walk"):
            with gr.Column(elem_classes="card"):
                if not choices:
                    gr.HTML(f"<p class='warn'>{NONE}</p>", elem_id="no-map")
                view = map_view(choices)
            with gr.Column(elem_classes="card"):
                worth = gr.HTML(elem_id="map-measures")
            own = own_clips()
            header.misuse_notice()
        with gr.Column(scale=5, min_width=320, elem_classes="outcome"):
            with gr.Column(elem_classes="card"):
                shown_details = details()
                for_test = map_send()
            say = map_speak(voices, interactive=can_speak)
            shown = result()
            gr.HTML("<h2>Takes of this visit</h2>")
            takes = take_list()
    return Page(
        view=view,
        worth=worth,
        details=shown_details,
        say=say,
        shown=shown,
        own=own,
        for_test=for_test,
        picked=gr.State(None, time_to_live=KEPT_S),
        selected=gr.State([], time_to_live=KEPT_S),
        visit=gr.State([], time_to_live=KEPT_S),
        takes=takes,
    )


def connect_looking(page: Page, shelf: Shelf) -> None:
    """Open a map, and draw another picture of it."""
    view, own = page.view, page.own

    def opened(key: str | None, told: Any) -> Updates:
        made = stored(told)
        keys = [each for _, each in shelf.choices(made)]
        if key not in keys:  # it was swept away, or nothing is chosen yet
            key = keys[0] if keys else None
        # What there is to choose, `connect_own` tells: it knows the visitor's own maps.
        updates: Updates = {view.which: gr.Dropdown(value=key), view.map: None}
        if key is not None:
            with in_words():
                space = shelf.open(key)
                feature, method = space.view
                updates |= view.opened(space)
                updates[view.map] = value_of(space, key, shelf.title(key, made), feature, method)
        return updates | {
            page.details: None,
            page.picked: None,
            page.selected: [],
            page.say.buttons.start: gr.Button(SPEAK),
        }

    def drawn(
        key: str | None, feature: str, method: str, told: Any, picked: Picked | None
    ) -> Updates:
        if not key:
            return {view.map: None}
        with in_words():
            space = shelf.open(key)
            value = value_of(space, key, shelf.title(key, stored(told)), feature, method)
            anew = again(picked, space, feature, method)
        shown = None if anew is None else anew.view
        return {view.map: value, page.details: shown, page.picked: anew}

    def worth(key: str | None, feature: str | None, color: str | None) -> str:
        if not (key and feature and color):
            return ""
        with in_words():
            return measured(shelf.open(key), feature, color)

    outputs = [
        view.which, view.feature, view.method, view.color, view.emotion, view.speaker, view.search,
        view.map, page.details, page.picked, page.selected, page.say.buttons.start,
    ]  # fmt: skip
    # On load; with inputs it would run at each of their changes, too.
    gr.on(None, lambda: opened(None, None), None, outputs, **LIGHT)
    other = view.which.change(opened, [view.which, own.kept], outputs, **LIGHT)
    for part in (view.feature, view.method):
        part.input(
            drawn,
            [*view.picture(), own.kept, page.picked],
            [view.map, page.details, page.picked],
            **LIGHT,
        )
    seen = [view.which, view.feature, view.color]
    for part in (view.feature, view.color):
        part.change(worth, seen, page.worth, **LIGHT)
    # Another map may open by the same feature and color, which then do not change.
    other.success(worth, seen, page.worth, **LIGHT)


def connect_picking(page: Page, shelf: Shelf) -> None:
    """Pick a dot, an empty place or a path; select dots."""
    view = page.view
    outputs = [page.details, page.picked, page.say.buttons.start]

    def shown(picked: Picked) -> Updates:
        return {
            page.details: picked.view,
            page.picked: picked,
            page.say.buttons.start: gr.Button(picked.verb),
        }

    def dot(key: str, feature: str, method: str, event: gr.EventData) -> Updates:
        with in_words():
            return shown(point(shelf.open(key), int(event.id), feature, method))

    def where(key: str, feature: str, method: str, event: gr.EventData) -> Updates:
        with in_words():
            points = [(float(x), float(y)) for x, y in event.places]
            return shown(places(shelf.open(key), points, feature, method))

    def selected(event: gr.EventData) -> list[int]:
        return [int(at) for at in event.selected]

    for panel in (view.map, page.details):
        panel.point(dot, view.picture(), outputs, **EACH).success(
            None, page.say.at_once, None, js=PRESS
        )
    view.map.places(where, view.picture(), outputs, **EACH).success(
        None, page.say.at_once, None, js=PRESS
    )
    view.map.chosen(selected, None, page.selected, **EACH)


def connect_placing(page: Page, shelf: Shelf, studio: Studio) -> None:
    """Place a clip as soon as there is one that may be used."""
    view, own = page.view, page.own
    listen = on_device(lambda sound: (studio.embed(sound), studio.recognize(sound)), lambda _: 10)
    outputs = [page.details, page.picked, page.say.buttons.start]

    def placed(key: str, feature: str, method: str, file: str | None, may: bool) -> Updates:
        if not file:
            return {page.details: gr.skip()}
        with in_words():
            if not may:
                raise ValueError(TICK)
            space = shelf.open(key)
            studio.check_map(space, feature)
            features, heard = listen(Clip.load(file))
            found = clip(space, features, heard.probs, feature, method)
        return {
            page.details: found.view,
            page.picked: found,
            page.say.buttons.start: gr.Button(found.verb),
        }

    def ticked(key: str, feature: str, method: str, file: str | None, may: bool) -> Updates:
        return placed(key, feature, method, file if may else None, may)

    inputs = [*view.picture(), own.clip, own.consent]
    for event in (own.clip.upload, own.clip.stop_recording):
        event(placed, inputs, outputs, api_visibility="private", **QUEUE)
    own.consent.input(ticked, inputs, outputs, api_visibility="private", **QUEUE)


def connect_speaking(page: Page, shelf: Shelf, studio: Studio) -> None:
    """Speak from what is picked, and mark where the take lands."""
    view, say, shown = page.view, page.say, page.shown
    on_loan = on_device(studio.speak, seconds_for)
    listen = on_device(studio.embed, lambda _: 10)

    def check(values: Updates) -> None:
        say.request(values, values[page.picked])

    def attempt(
        values: Updates, progress: gr.Progress, enough: threading.Event
    ) -> Iterator[Updates]:
        picked = values[page.picked]
        request = say.request(values, picked)
        key, feature, method = (values[part] for part in view.picture())
        yield {shown.status: None}
        progress(0.1, desc="Speaking")
        studio.check_map(shelf.open(key), SPEAKS)
        take = on_loan(request)
        seen = view_of(take)
        entry = keep(take, seen)
        entries = [*values[page.visit], entry][-LIMIT:]
        # Gradio deletes the files it is told of when the app is stopped.
        shown.player.temp_files.update({entry.wav, entry.passport, entry.view})
        there = picked
        # A take that is too short to be placed, or whose map is gone, is heard all the same.
        with contextlib.suppress(ValueError):
            space = shelf.open(key)
            studio.check_map(space, feature)
            there = landed(picked, space, place(space, listen(take.clip), feature, method))
        # One update for all: a second one right behind it can make the page drop the first.
        yield {
            page.visit: entries,
            page.takes: rows(entries),
            page.details: there.view,
            **shown.shown(entry, seen, autoplay=True),
            **say.buttons.ready(),
        }

    run = Run(
        check=check,
        attempt=attempt,
        inputs=[*say.inputs(), *view.picture(), page.picked],
        kept=[page.visit],
        outputs=[page.takes, page.details, *shown.outputs()],
        status=shown.status,
        clears=[shown.sentences],
        progress_on=[shown.empty, shown.player],
    )
    connect(say.buttons, run)

    def once_more(entries: list[Entry], event: gr.EventData) -> Updates:
        with in_words():
            entry = entry_of(entries, event.id)
            return shown.shown(entry, entry.read_view(), autoplay=True)

    page.takes.pick(once_more, page.visit, shown.outputs(), api_visibility="private")
