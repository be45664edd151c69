"""Status: the device, memory, loaded models, the queue, the disk, versions, what was left over."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr

from emostudio.jobs.disk import size_of
from emostudio.jobs.orphans import Orphan
from emostudio.storage.tuned_tables import LIVE
from emostudio.web.admin import machine
from emostudio.web.admin.desk import Desk, actor_of, head
from emostudio.web.admin.machine import sized
from emostudio.web.admin.parts.job_view import PLACES, chip, doing
from emostudio.web.admin.parts.tables import table
from emostudio.web.errors import in_words

Updates = dict[Any, Any]
FOLDERS = {  # below `data_dir/tuned`
    "corpora": "Recordings to train on",
    "packs": "Features of them; made anew where they are missing",
    "jobs": "What jobs told, saved and spoke",
    "models": "Models made or uploaded here",
}
SURE = "folder => [folder, confirm('Clear it away? What was recorded in it is lost.')]"


def build(desk: Desk) -> None:
    """Build the page."""
    head(desk, "What runs here, on what, and how full it is.")
    with gr.Row(elem_classes="bench office"):
        with gr.Column(scale=5, min_width=320, elem_classes="desk"):
            with gr.Column(elem_classes="card"):
                here = gr.HTML(elem_id="machine")
                again = gr.Button("Refresh", size="sm", elem_id="refresh")
            with gr.Column(elem_classes="card"):
                gr.HTML("<h2>Loaded models</h2>")
                loaded = gr.HTML(elem_id="loaded")
                with gr.Row(elem_classes="beside"):
                    which = gr.Dropdown(
                        [], label="Model", show_label=False, min_width=140, elem_id="which"
                    )
                    unload = gr.Button("Unload", size="sm", min_width=100, elem_id="unload")
        with gr.Column(scale=6, min_width=320, elem_classes="outcome"):
            with gr.Column(elem_classes="card"):
                queue = gr.HTML(elem_id="queue")
                with gr.Row(elem_classes="beside"):
                    orphan = gr.Dropdown(
                        [], label="Left over", visible=False, min_width=140, elem_id="orphan"
                    )
                    clear = gr.Button(
                        "Clear it away", size="sm", visible=False, min_width=110, elem_id="clear"
                    )
                    sure = gr.Checkbox(visible="hidden")
            with gr.Column(elem_classes="card"):
                disk = gr.HTML(elem_id="disk")
            with gr.Column(elem_classes="card"):
                versions = gr.HTML(elem_id="versions")

    def refreshed() -> Updates:
        uses = [one.use for one in desk.lineup.loaded()]
        orphans = desk.jobs.orphans()
        left = [(one.folder.name, str(one.folder)) for one in orphans]
        return {
            here: drawn_machine(desk),
            loaded: drawn_loaded(desk),
            which: gr.Dropdown(choices=uses, value=next(iter(uses), None), visible=bool(uses)),
            unload: gr.Button(visible=bool(uses)),
            queue: drawn_queue(desk, orphans),
            orphan: gr.Dropdown(choices=left, value=None, visible=bool(left)),
            clear: gr.Button(visible=bool(left)),
            disk: drawn_disk(desk),
            versions: f"<h2>Versions</h2>{_facts(machine.versions())}",
        }

    def refresh() -> Updates:
        with in_words():
            return refreshed()

    def unloaded(use: str | None) -> Updates:
        with in_words():
            if not use:
                raise ValueError("No model is chosen. Choose one of those that are loaded.")
            desk.lineup.unload(use)
            gr.Info(f"{use} is unloaded; it loads again when somebody uses it.")
            return refreshed()

    def cleared(folder: str | None, sure: bool, request: gr.Request) -> Updates:
        with in_words():
            if not sure:
                return gr.skip()  # Gradio takes an empty dictionary for too few values
            chosen = next((one for one in desk.jobs.orphans() if str(one.folder) == folder), None)
            if chosen is None:
                raise ValueError("Nothing is chosen that is left over. Choose a row of the table.")
            desk.jobs.clear(chosen, actor=actor_of(request))
            return refreshed()

    outputs = [here, loaded, which, unload, queue, orphan, clear, disk, versions]
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    gr.on(None, refresh, None, outputs, **private)
    again.click(refresh, None, outputs, **private)
    unload.click(unloaded, which, outputs, **private)
    clear.click(cleared, [orphan, sure], outputs, js=SURE, **private)


def drawn_machine(desk: Desk) -> str:
    """Draw device and memory."""
    memory = machine.memory()
    used = 1 - memory.free / memory.total
    facts = {
        "Device": machine.device(desk.jobs.settings.device),
        "This app": f"{sized(memory.process)} of memory",
        "Machine": f"{sized(memory.free)} of {sized(memory.total)} free",
    }
    return (
        "<h2>Machine</h2><div class='filling' role='meter' aria-label='Memory in use' "
        f"aria-valuemin='0' aria-valuemax='100' aria-valuenow='{100 * used:.0f}'>"
        f"<i style='width:{used:.0%}'></i></div>{_facts(facts)}"
    )


def drawn_loaded(desk: Desk) -> str:
    """Draw what is in memory, and of which weights."""
    rows = [
        {
            "model": one.use,
            "size": f"{one.megabytes:.0f} MB",
            "weights": ", ".join(f"{net} {sha256[:8]}" for net, sha256 in one.nets.items()),
        }
        for one in desk.lineup.loaded()
    ]
    if not rows:
        return "<p class='note'>None. They load when somebody speaks, converts or maps.</p>"
    return table(rows)


def drawn_queue(desk: Desk, orphans: Sequence[Orphan]) -> str:
    """Draw what runs and waits, where jobs can run, and what nobody knows of."""
    jobs = [job for job in desk.jobs.all(probes=True) if job.state in LIVE]
    items = "".join(
        f"<li>{chip(job.state)} "
        + (
            f"Measurement of {escape(str(job.tuning['base']))}"
            if job.probe
            else f"<a href='job?job={job.id}'>{escape(str(job.tuning['name']))}</a>"
        )
        + f" <span class='note'>{escape(doing(desk.jobs.standing(job.id)))}</span></li>"
        for job in reversed(jobs)
    )
    places = [
        {"where": PLACES.get(name, name), "can run": not why, "why not": why}
        for name, why in desk.jobs.backends().items()
    ]
    left = [
        {"folder": one.folder.name, "size": f"{one.size_mb:.0f} MB", "why": one.why}
        for one in orphans
    ]
    return (
        "<h2>Queue</h2>"
        + (f"<ul class='queued'>{items}</ul>" if items else "<p class='note'>Nothing waits.</p>")
        + table(places, "Where jobs can run")
        + (table(left, "Left over") if left else "")
    )


def drawn_disk(desk: Desk) -> str:
    """Draw how full the disk is, and with what."""
    root = desk.jobs.root
    whole = shutil.disk_usage(root)
    used = 1 - whole.free / whole.total
    rows = [
        {"folder": name, "holds": what, "size": sized(size_of(root / name))}
        for name, what in FOLDERS.items()
    ]
    return (
        "<h2>Disk</h2><div class='filling' role='meter' aria-label='Disk in use' "
        f"aria-valuemin='0' aria-valuemax='100' aria-valuenow='{100 * used:.0f}'>"
        f"<i style='width:{used:.0%}'></i></div><p class='note'>{sized(whole.free)} of "
        f"{sized(whole.total)} free in {escape(str(root))}.</p>{table(rows)}"
    )


def _facts(facts: dict[str, str]) -> str:
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(fact)}</dd>" for name, fact in facts.items()
    )
    return f"<dl class='facts'>{rows}</dl>"
