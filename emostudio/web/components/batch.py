"""Many recordings converted with one setting, into a zip with a passport each."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from emostudio.values import UNREAD
from emostudio.web.archive import MAX_FILES, Archive, outcome
from emostudio.web.components.conversion_form import ConversionForm
from emostudio.web.components.status import STOPPING_FILE, status_line
from emostudio.web.device import on_device, seconds_to_convert
from emostudio.web.runs import Buttons, Run, Updates, connect, run_buttons

if TYPE_CHECKING:
    from emostudio.studio import Studio

# A batch may take long: it has a queue of its own, so that who converts one file needn't wait.
QUEUE: dict[str, Any] = {"concurrency_id": "batch", "concurrency_limit": 1}


@dataclass(frozen=True)
class Batch:
    """The components of this part."""

    files: gr.File
    buttons: Buttons
    status: gr.HTML
    outcome: gr.HTML
    zip: gr.DownloadButton


def batch(*, interactive: bool) -> Batch:
    """Build the accordion."""
    with gr.Accordion("Convert many files", open=False, elem_id="batch"):
        gr.HTML(
            f"<p class='note'>Up to {MAX_FILES} recordings of up to 5 minutes. The target emotion, "
            "the rhythm, the seed and your consent below hold for all of them.</p>"
        )
        files = gr.File(
            file_count="multiple",
            label="Recordings",
            height=160,
            elem_id="batch-files",
        )
        buttons = run_buttons(
            "Convert all into a zip", "batch-start", interactive=interactive, prefix="batch-"
        )
        status = status_line("batch-status")
        shown = gr.HTML(elem_id="batch-outcome")
        download = gr.DownloadButton(
            "Download the zip", size="sm", visible="hidden", elem_id="get-zip"
        )
    return Batch(files, buttons, status, shown, download)


def connect_batch(box: Batch, form: ConversionForm, studio: Studio) -> None:
    """Convert all; Stop keeps what is ready."""
    convert = on_device(studio.convert, seconds_to_convert)

    def check(values: Updates) -> None:
        files = values[box.files] or []
        if not files:
            raise ValueError("There are no recordings yet; add some under 'Convert many files'.")
        if len(files) > MAX_FILES:
            raise ValueError(
                f"These are {len(files)} files; {MAX_FILES} is the limit. Convert them in turns."
            )
        form.of_file(values, files[0], lambda file: UNREAD)

    def attempt(
        values: Updates, progress: gr.Progress, enough: threading.Event
    ) -> Iterator[Updates]:
        files = values[box.files]
        yield {box.status: None, box.outcome: None, box.zip: gr.DownloadButton(visible="hidden")}
        with Archive(files) as archive:
            box.zip.temp_files.add(str(archive.file))  # Gradio deletes it when the app is stopped
            for at, file in enumerate(files):
                progress(0.02 + 0.95 * at / len(files), desc=f"File {at + 1} of {len(files)}")
                archive.add(file, lambda file=file: convert(form.of_file(values, file)))
                if enough.is_set():
                    break
                if at == 0:
                    yield box.buttons.offer(box.buttons.stop)
        path = archive.path
        yield {
            box.outcome: outcome(archive),
            box.zip: gr.DownloadButton(value=path, visible=True if path else "hidden"),
            box.status: None,
            **box.buttons.ready(),
        }

    run = Run(
        check=check,
        attempt=attempt,
        inputs=[box.files, *form.settings()],
        kept=[],
        outputs=[box.status, box.outcome, box.zip],
        status=box.status,
        clears=[],
        progress_on=[box.outcome],
        stopping=STOPPING_FILE,
    )
    connect(box.buttons, run, queue=QUEUE)
