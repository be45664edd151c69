"""The queue of one backend: looks at what runs, notes what has ended, starts what comes next.

Each step is noted so that a kill between any two of them is found at the next look:

1. an event says that an attempt begins; 2. the row says running, without a handle; 3. the process
starts; 4. the row gets the handle. Killed after 2, the process is asked for by its folder: if it
lives, its handle is noted; if nothing but the event of 1 is told of it, it goes back to the queue.
A model is kept before its job is done, and never twice.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from emostudio.jobs import disk, run_folder
from emostudio.jobs.backend import Backend, Handle
from emostudio.jobs.run_folder import ERRAND, ERRORS, EVENTS
from emostudio.jobs.tuning import Errand
from emostudio.storage import authored, tuned
from emostudio.storage.database import Database
from emostudio.storage.tuned_tables import BUSY, Job

log = logging.getLogger(__name__)
ACTOR = "queue"
_LAST = re.compile(r"([\w.]*(Error|Exception)\b|Hugging Face:).*")
GONE = "The folder of this job is gone. Retry starts it anew."
OUT_OF_REACH = "It can't be reached any more, so nobody knows whether it runs, or saved."
UNSAVED = "It was ended before it could save. Resume goes on from what was saved last."
KILLED = (
    "It ended without a word: it was killed, or the machine was restarted. Resume goes on from "
    "what was saved last."
)


class Queue:
    """The jobs of one backend. One process at a time may call `tick` (see `watching`)."""

    rest_s = 30.0  # after a backend could not be reached

    def __init__(
        self,
        db: Database,
        root: Path,
        backend: Backend,
        keep: Callable[[Job, Path], object],
    ) -> None:
        """Queue the jobs in `root/ID`; `keep` is given one that is done, and its folder.

        It may be given the same job again if it was killed meanwhile, and raises ValueError where
        what came of the job can't be kept.
        """
        self.db = db
        self.root = root
        self.backend = backend
        self._keep = keep
        self._rests_until = 0.0

    def tick(self) -> None:
        """Look once at every job that runs, then start what there is a slot for."""
        if time.monotonic() < self._rests_until:
            return
        busy = 0
        for job in self._in(*BUSY):
            try:
                busy += not self._is_over(job)
            except ProcessLookupError:  # it has begun, but not told its number yet
                busy += 1
            except (OSError, ValueError) as error:  # nothing is known: look again
                self._rest(job, error)
                if job.state == "stopping" and self.backend.why_not():
                    self._note(job, "interrupted", OUT_OF_REACH)
                busy += 1
        waiting = sorted(self._in("queued"), key=lambda job: not job.probe)
        for job in waiting[: max(0, self.backend.slots - busy)]:
            self._start(job)

    def _in(self, *states: str) -> list[Job]:
        with self.db.read() as session:
            found = tuned.jobs_in(session, states)
        return [job for job in found if job.backend == self.backend.name]

    # --- what runs ---------------------------------------------------------------------------

    def _is_over(self, job: Job) -> bool:
        folder = self.root / job.id
        if not folder.is_dir():
            self._note(job, "failed", GONE)
            return True
        handle = job.handle
        if handle is None:
            handle = self.backend.find(folder)
            if handle is not None:
                self._note_handle(job, handle)
        # Asked first: what it says last may come between the two questions.
        lives = handle is not None and self.backend.lives(folder, handle)
        if handle is not None:
            self.backend.fetch(folder, handle)
        if handle is None or not lives:
            self._note_end(job, folder, handle)
            return True
        if job.state == "running" and (why := disk.shortage(folder)):
            self._note(job, "stopping", why)
        elif job.state == "stopping":
            self._press(job, folder, handle)
        return False

    def _press(self, job: Job, folder: Path, handle: Handle) -> None:
        asked_at = handle.get("asked_at")
        if asked_at is None:
            self.backend.stop(folder, handle)
            self._note_handle(job, handle | {"asked_at": time.time()})
        elif time.time() - asked_at > self.backend.grace_s:
            self.backend.kill(folder, handle)

    def _note_end(self, job: Job, folder: Path, handle: Handle | None) -> None:
        told = run_folder.events(folder)
        kind = told[-1].kind if told else "phase"
        silent = not told or "attempt" in told[-1].values  # nothing is told of this attempt
        if kind == "done" or (job.probe and kind == "probe"):
            self._finish(job, folder)
        elif kind == "failed":
            self._note(job, "failed", str(told[-1].values.get("message", "")))
        elif kind == "stopped" or (job.state == "stopping" and silent):
            self._note(job, "stopped", job.message)
        elif job.state == "stopping":
            self._note(job, "interrupted", UNSAVED)
        elif handle is None and silent:
            self._note(job, "queued", "")
        else:
            self._note(job, "interrupted", _last_words(folder) or KILLED)

    def _finish(self, job: Job, folder: Path) -> None:
        try:
            if not job.probe:
                self._keep(job, folder)
        except Exception as error:  # whatever it is, it must hold up no other job
            why = str(error)
            if not isinstance(error, (ValueError, OSError)):
                log.exception("the model of job %s could not be kept", job.id)
                why = "Something is wrong that the log of the app tells of. Mend it."
            self._note(
                job, "failed", f"It is done, but its model could not be kept: {why} Then resume."
            )
        else:
            self._note(job, "done", "")

    # --- what comes next ---------------------------------------------------------------------

    def _start(self, job: Job) -> None:
        folder = self.root / job.id
        if not folder.is_dir():
            self._note(job, "failed", GONE)
            return
        if self.backend.why_not():
            return
        try:
            if why := disk.refusal(Errand.read(folder / ERRAND), self.root):
                raise ValueError(why)
            attempt = job.attempt + 1
            _say_that_it_begins(folder, attempt)
            if not self._note(job, "running", ""):
                return
            handle = self.backend.start(folder, resume=attempt > 1)
            self._note_handle(job, handle)
        except ValueError as error:
            self._note(job, "failed", str(error))
        except OSError as error:  # whether it has begun is found at the next look
            self._rest(job, error)

    def _rest(self, job: Job, error: Exception) -> None:
        log.warning("job %s: %s", job.id, error)
        self._rests_until = time.monotonic() + self.rest_s

    # --- rows --------------------------------------------------------------------------------

    def _note(self, job: Job, state: str, message: str) -> bool:
        """Write a state, and return whether it was; a page may have written one meanwhile."""
        with self.db.write() as session:
            row = tuned.job_by_id(session, job.id)
            if row is None or row.removed_at is not None:
                return False
            if row.state != job.state and (state == "running" or row.state not in BUSY):
                return False  # canceled while it waited
            if state == "queued" and row.state == "stopping":
                state = "stopped"  # canceled before it began
            queued_at = row.queued_at
            tuned.set_job_state(session, row, state, message=message)
            row.queued_at = queued_at  # it keeps its place
            told = {"message": message}
            authored.audit(session, ACTOR, f"job is {state}", subject=job.id, payload=told)
        return True

    def _note_handle(self, job: Job, handle: Handle) -> None:
        with self.db.write() as session:
            row = tuned.job_by_id(session, job.id)
            if row is not None:
                tuned.set_job_handle(session, row, handle)


def _say_that_it_begins(folder: Path, attempt: int) -> None:
    begun = datetime.now(timezone.utc).isoformat(timespec="seconds")
    events = folder / EVENTS
    if events.is_file() and not events.read_bytes().endswith(b"\n"):
        with events.open("ab") as file:  # killed within a line
            file.write(b"\n")
    with (folder / ERRORS).open("a", encoding="utf-8") as file:
        file.write(f"--- {begun}, attempt {attempt}\n")
    message = "The process starts." if attempt == 1 else "It goes on from what was saved."
    run_folder.append(folder, "phase", phase="prepare", share=0.0, message=message, attempt=attempt)


def _last_words(folder: Path) -> str:
    """Why a process ended, if that is what its log says last."""
    last = run_folder.tail(folder, 1)
    if not _LAST.fullmatch(last):
        return ""
    return f"It broke off: {last.rstrip('.')}. The log tells more; then resume it."
