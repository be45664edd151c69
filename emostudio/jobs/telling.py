"""What a page asks about a job while it runs: where it is, how long it takes, what it waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from emostudio.jobs import run_folder
from emostudio.jobs.backend import Backend, Usage
from emostudio.jobs.standing import Expectation, Standing, comparing_s_of, standing_of
from emostudio.jobs.tuning import Tuning
from emostudio.storage import tuned
from emostudio.storage.database import Database
from emostudio.storage.tuned_tables import BUSY, LIVE, Job

COMPARING_S = 120.0  # as long as no job has told
# Tunings that are alike in these take equally long a step.
ALIKE = ("base", "corpus", "method", "rehearsal", "rehearse_with", "batch_size", "backend")


class Telling:
    """Tells it from rows, and from the folders in `root` named for them."""

    def __init__(self, db: Database, root: Path, backends: Mapping[str, Backend]) -> None:
        """Read these."""
        self._db = db
        self._root = root
        self._backends = backends

    def standing(self, job: Job) -> Standing:
        """Tell how a job stands."""
        told = self._told(job)
        if job.state == "queued":
            return replace(standing_of(job, told), message=self._waits_for(job))
        if job.state not in BUSY:
            return standing_of(job, told)
        tuning, known = Tuning(**job.tuning), self._jobs()
        return standing_of(
            job,
            told,
            expected=None if job.probe else self._expected(tuning, known),
            comparing_s=self._comparing_s(tuning.base, known),
            usage=self._usage(job),
        )

    def expected(self, tuning: Tuning) -> Expectation | None:
        """Return the minutes that a tuning takes, if a probe has measured one that is alike."""
        return self._expected(tuning, self._jobs())

    def _expected(self, tuning: Tuning, known: Sequence[Job]) -> Expectation | None:
        for job in known:
            same = all(job.tuning.get(name) == getattr(tuning, name) for name in ALIKE)
            if not (job.probe and job.state == "done" and same):
                continue
            for event in self._told(job):
                if event.kind == "probe":
                    around_s = float(event.values["around"]) + self._comparing_s(tuning.base, known)
                    train_s = tuning.steps * float(event.values["seconds"])
                    return Expectation(train_s / 60, around_s / 60)
        return None

    def _jobs(self) -> list[Job]:
        with self._db.read() as session:
            return tuned.jobs(session, probes=True)

    def _told(self, job: Job) -> list[run_folder.Event]:
        return run_folder.events(self._root / job.id)

    def _usage(self, job: Job) -> Usage | None:
        backend = self._backends.get(job.backend)
        try:
            return backend.usage(self._root / job.id, job.handle or {}) if backend else None
        except OSError:  # it can't be reached now
            return None

    def _comparing_s(self, base: str, known: Sequence[Job]) -> float:
        for job in known:
            if not job.probe and job.state == "done" and job.tuning.get("base") == base:
                told = comparing_s_of(self._told(job))
                if told is not None:
                    return told
        return COMPARING_S

    def _waits_for(self, job: Job) -> str:
        backend = self._backends.get(job.backend)
        why = f"There is no '{job.backend}' any more." if backend is None else backend.why_not()
        if why:
            return why
        with self._db.read() as session:
            live = [row for row in tuned.jobs_in(session, LIVE) if row.backend == job.backend]
        before = [
            row
            for row in live
            if row.state in BUSY
            or (not row.probe, row.queued_at, row.id) < (not job.probe, job.queued_at, job.id)
        ]
        if not before:
            return "It starts within seconds."
        return "One job is before it." if len(before) == 1 else f"{len(before)} jobs are before it."
