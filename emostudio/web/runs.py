"""A run of a page: started, waited for in the queue, heard part by part, stopped.

Before a part is ready Stop takes the run out of the queue; from then on it keeps what is ready.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from emostudio.web.components.status import STOPPING, WAITING
from emostudio.web.device import QUEUE
from emostudio.web.errors import in_words

QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
Updates = dict[Any, Any]
Attempt = Callable[[Updates, gr.Progress, threading.Event], Iterator[Updates]]


@dataclass(frozen=True)
class Buttons:
    """Start, and two faces of Stop: there is nothing to keep yet, and there is."""

    start: gr.Button
    cancel: gr.Button
    stop: gr.Button

    def all(self) -> list[gr.Button]:
        """Return the three of them."""
        return [self.start, self.cancel, self.stop]

    def offer(self, button: gr.Button) -> Updates:
        """Return the updates that show one of them alone."""
        return {each: gr.Button(visible=each is button) for each in self.all()}

    def ready(self) -> Updates:
        """Return the updates after a run."""
        return self.offer(self.start) | {self.stop: gr.Button(visible=False, interactive=True)}


def run_buttons(label: str, elem_id: str, *, interactive: bool, prefix: str = "") -> Buttons:
    """Build them; `prefix` keeps the ids of a page's second run apart."""

    def stop(name: str) -> gr.Button:
        return gr.Button(
            "Stop",
            variant="stop",
            visible=False,
            elem_id=prefix + name,
            elem_classes="stops",
        )

    start = gr.Button(
        label, variant="primary", interactive=interactive, elem_id=elem_id, elem_classes="starts"
    )
    return Buttons(start, stop("cancel"), stop("stop"))


@dataclass(frozen=True)
class Run:
    """What a page does when it is started.

    `check` refuses at once what needs no turn in the queue; `attempt` works, and ends early once
    its event is set. `clears` is what shows a run under way, and is emptied when it is over.
    """

    check: Callable[[Updates], None]
    attempt: Attempt
    inputs: list[Any]
    kept: list[Any]
    outputs: list[Any]
    status: gr.HTML
    clears: list[Any]
    progress_on: list[Any]
    stopping: str = STOPPING


def connect(
    buttons: Buttons, run: Run, *, also: tuple[gr.Button, ...] = (), queue: dict[str, Any] = QUEUE
) -> None:
    """Connect Start and Stop; a button of `also` starts, too."""
    under_way: dict[str | None, threading.Event] = {}  # by session; set: no further part

    def begun(values: Updates) -> Updates:
        with in_words():
            run.check(values)
        waiting = {button: gr.Button(interactive=False) for button in also}
        return waiting | buttons.offer(buttons.cancel) | {run.status: WAITING}

    def done(
        values: Updates,
        visitor: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008  (Gradio's way to ask for one)
    ) -> Iterator[Updates]:
        enough = under_way[visitor.session_hash] = threading.Event()
        try:
            with in_words():
                yield from run.attempt(values, progress, enough)
        finally:
            if under_way.get(visitor.session_hash) is enough:  # else the next run is under way
                del under_way[visitor.session_hash]

    def stop(visitor: gr.Request) -> Any:
        enough = under_way.get(visitor.session_hash)
        if enough is None:  # it has ended meanwhile
            return gr.skip()
        enough.set()
        cleared = dict.fromkeys(run.clears)
        return cleared | {buttons.stop: gr.Button(interactive=False), run.status: run.stopping}

    def over() -> Updates:
        return again() | buttons.ready() | dict.fromkeys([run.status, *run.clears])

    def again() -> Updates:
        return {button: gr.Button(interactive=True) for button in also}

    # Gradio's box for an error needs the queue; without a limit nobody waits in it.
    checked = gr.on(
        [button.click for button in (buttons.start, *also)],
        begun,
        set(run.inputs),
        [*buttons.all(), *also, run.status],
        api_visibility="private",
        show_progress="hidden",
        concurrency_limit=None,
    )
    doing = checked.success(
        done,
        {*run.inputs, *run.kept},
        [*buttons.all(), *run.kept, *run.outputs],
        api_visibility="private",
        show_progress_on=run.progress_on,
        **queue,
    )
    cleared = [*buttons.all(), *also, run.status, *run.clears]
    if also:
        doing.success(again, None, list(also), **QUIET)
    doing.failure(over, None, cleared, **QUIET)
    buttons.cancel.click(over, None, cleared, cancels=doing, **QUIET)
    buttons.stop.click(stop, None, [buttons.stop, run.status, *run.clears], **QUIET)
