"""A queue on this machine whose jobs are done by a worker that trains nothing."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from emostudio.jobs import lock
from emostudio.jobs.local import Local
from emostudio.jobs.queueing import Queue
from emostudio.jobs.run_folder import ERRAND
from emostudio.jobs.tuning import Errand, Tuning
from emostudio.settings import Settings
from emostudio.storage import tuned
from emostudio.storage.database import Database
from emostudio.storage.ids import new_id
from emostudio.storage.tuned_tables import LIVE, Corpus, Job, Model

OBEDIENT = (sys.executable, "-m", "tests.jobs.obedient")
PATIENCE_S = 300.0
FOR_EVER = 100_000  # steps


def local(root: Path) -> Local:
    """This machine, with a worker that trains nothing."""
    return Local(Settings(data_dir=root), OBEDIENT)


def queue(db: Database, root: Path) -> Queue:
    """The queue of this machine; models are kept as rows alone."""
    return Queue(db, root / "jobs", local(root), lambda job, folder: keep(db, job, folder))


def keep(db: Database, job: Job, folder: Path) -> None:
    """Note a model once, however often it is asked."""
    weights = folder / "checkpoint" / "model.safetensors"
    with db.write() as session:
        if tuned.model_of_job(session, job.id) is None:
            model = Model(
                name=job.tuning["name"],
                net=job.tuning["base"],
                made_by="trained",
                sha256="0" * 64,
                size_bytes=weights.stat().st_size,
                parents={},
                corpora={},
                job_id=job.id,
                actor=job.actor,
            )
            tuned.add_model(session, model)


def put(db: Database, root: Path, name: str, *, steps: int = 20, probe: bool = False) -> str:
    """Put a job into the queue, and return its id."""
    (root / "corpus").mkdir(parents=True, exist_ok=True)
    tuning = Tuning(base="ser", corpus="corpus", name=name, max_steps=steps)
    folder = root / "jobs" / new_id()
    folder.mkdir(parents=True)
    errand = Errand(tuning, root / "corpus", root / "base", root / "packs" / "one", probe)
    errand.write(folder / ERRAND)
    with db.write() as session:
        known = {corpus.name: corpus for corpus in tuned.corpora(session)}
        corpus = known.get("corpus") or tuned.add_corpus(
            session, Corpus(name="corpus", source="folder", report={}, actor="anna")
        )
        job = Job(
            id=folder.name,
            corpus_id=corpus.id,
            tuning=tuning.to_json(),
            backend="local",
            probe=probe,
            actor="anna",
        )
        return tuned.add_job(session, job).id


def row(db: Database, job_id: str) -> Job:
    """The row of a job."""
    with db.read() as session:
        found = tuned.job_by_id(session, job_id)
    assert found is not None
    return found


def states(db: Database, *ids: str) -> list[str]:
    """The states of some jobs."""
    return [row(db, job_id).state for job_id in ids]


def cancel(db: Database, job_id: str) -> None:
    """Ask a job that runs to save and stop."""
    with db.write() as session:
        job = tuned.job_by_id(session, job_id)
        assert job is not None
        tuned.set_job_state(session, job, "stopping")


def resume(db: Database, job_id: str) -> None:
    """Put a job back into the queue."""
    with db.write() as session:
        job = tuned.job_by_id(session, job_id)
        assert job is not None and job.state not in LIVE
        tuned.set_job_state(session, job, "queued")


def until(holds: Callable[[], object], look: Callable[[], object] = lambda: None) -> None:
    """Look until something holds.

    Raises:
        TimeoutError: it never does.
    """
    end = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError("it never came")
        time.sleep(0.02)
        look()


def run_out(db: Database, line: Queue) -> None:
    """Look at a queue until no job waits or runs."""

    def is_empty() -> bool:
        with db.read() as session:
            return not tuned.jobs_in(session, LIVE)

    until(is_empty, line.tick)


def end(folder: Path) -> None:
    """Kill what runs in the folder of a job."""

    def is_over() -> bool:
        leader = lock.holder(folder / lock.LOCK)
        held = lock.is_held(folder / lock.LOCK)
        if held and leader is not None:  # else it is about to tell who it is
            with contextlib.suppress(ProcessLookupError):
                os.killpg(leader, signal.SIGKILL)
        return not held

    until(is_over)
