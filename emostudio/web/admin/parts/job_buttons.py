"""What can be done to a job: cancel, resume, try anew, delete; each where it is possible alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from emostudio.storage.tuned_tables import LIVE, RESUMABLE
from emostudio.web.admin.desk import Desk, actor_of
from emostudio.web.errors import in_words

Updates = dict[Any, Any]
OPEN = "job => job && location.assign('job?job=' + encodeURIComponent(job))"
SURE = "job => [job, confirm('Delete this job, its log and its takes? A model of it stays.')]"


@dataclass(frozen=True)
class JobButtons:
    """The components of this part."""

    cancel: gr.Button
    resume: gr.Button
    retry: gr.Button
    delete: gr.Button
    sure: gr.Checkbox
    other: gr.Textbox

    def outputs(self) -> list[Any]:
        """Return the components that `shown` updates."""
        return [self.cancel, self.resume, self.retry, self.delete]

    def shown(self, state: str) -> Updates:
        """Return the updates that offer what can be done in a state; none for an empty one."""
        over = bool(state) and state not in LIVE
        waits = state == "queued"
        return {
            self.cancel: gr.Button(
                "Take out of the queue" if waits else "Cancel, save first",
                visible=state in ("queued", "running"),
            ),
            self.resume: gr.Button(visible=state in RESUMABLE),
            self.retry: gr.Button(visible=over),
            self.delete: gr.Button(visible=over),
        }


def job_buttons() -> JobButtons:
    """Build them, hidden."""
    with gr.Row(elem_classes="chips"):
        cancel = gr.Button("Cancel, save first", visible=False, elem_id="cancel")
        resume = gr.Button("Resume", visible=False, elem_id="resume")
        retry = gr.Button("Try anew", visible=False, elem_id="retry")
        delete = gr.Button("Delete", visible=False, elem_id="delete")
    sure = gr.Checkbox(visible="hidden")
    other = gr.Textbox("", visible="hidden")  # a script reads it
    return JobButtons(cancel, resume, retry, delete, sure, other)


def connect_job_buttons(
    part: JobButtons,
    desk: Desk,
    job: gr.Dropdown,
    refresh: Callable[[str, gr.Request], Updates],
    outputs: Sequence[Any],
) -> None:
    """Cancel and resume; `refresh` gives the updates of the whole page for a job."""

    def cancelled(job_id: str | None, request: gr.Request) -> Updates:
        with in_words():
            desk.jobs.cancel(job_id or "", actor=actor_of(request))
            return refresh(job_id or "", request)

    def resumed(job_id: str | None, request: gr.Request) -> Updates:
        with in_words():
            desk.jobs.resume(job_id or "", actor=actor_of(request))
            return refresh(job_id or "", request)

    def anew(job_id: str | None, request: gr.Request) -> str:
        with in_words():
            return desk.jobs.retry(job_id or "", actor=actor_of(request))

    def deleted(job_id: str | None, sure: bool, request: gr.Request) -> str:
        with in_words():
            if sure:
                desk.jobs.delete(job_id or "", actor=actor_of(request))
            return "gone" if sure else ""

    private: dict[str, Any] = {"api_visibility": "private"}
    part.cancel.click(cancelled, job, list(outputs), **private)
    part.resume.click(resumed, job, list(outputs), **private)
    made = part.retry.click(anew, job, part.other, **private)
    made.success(None, part.other, None, js=OPEN)
    gone = part.delete.click(deleted, [job, part.sure], part.other, js=SURE, **private)
    gone.success(None, part.other, None, js="gone => gone && location.assign('training')")
