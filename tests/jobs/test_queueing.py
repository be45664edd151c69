"""One job a device, in order; whatever ends, and however, is noted, and can go on."""

import os
import shutil
import signal
from collections import namedtuple
from pathlib import Path

import pytest

from emostudio.jobs import disk, lock, run_folder
from emostudio.jobs.queueing import Queue
from emostudio.storage import authored, tuned
from emostudio.storage.database import Database
from emostudio.storage.tuned_tables import Job
from tests.jobs.obedient import SAVED
from tests.jobs.queues import (
    FOR_EVER,
    cancel,
    keep,
    local,
    put,
    queue,
    resume,
    row,
    run_out,
    states,
    until,
)

Disk = namedtuple("Disk", "total used free")


def _steps(folder: Path) -> list[int]:
    return [event.step for event in run_folder.events(folder) if event.kind == "step"]


def _begin(
    db: Database, root: Path, name: str = "anna", steps: int = FOR_EVER
) -> tuple[Queue, str]:
    """A queue whose one job has begun to train."""
    line, job_id = queue(db, root), put(db, root, name, steps=steps)
    until(lambda: _steps(root / "jobs" / job_id), line.tick)
    return line, job_id


def _until(db: Database, line: Queue, job_id: str, state: str) -> None:
    until(lambda: states(db, job_id) == [state], line.tick)


def _audit(db: Database, job_id: str) -> list[str]:
    with db.read() as session:
        return [entry.action for entry in reversed(authored.audits_of(session, job_id))]


def test_jobs_are_done_one_after_the_other(db: Database, root: Path) -> None:
    line = queue(db, root)
    first, second = put(db, root, "anna"), put(db, root, "berta")
    line.tick()
    assert states(db, first, second) == ["running", "queued"]
    run_out(db, line)
    assert states(db, first, second) == ["done", "done"]
    ended_at, started_at = row(db, first).ended_at, row(db, second).started_at
    assert ended_at is not None and started_at is not None and ended_at <= started_at
    assert _audit(db, first) == ["job is running", "job is done"]
    with db.read() as session:
        models = {model.name: model.job_id for model in tuned.models(session)}
    assert models == {"anna": first, "berta": second}


def test_a_probe_goes_before_jobs_that_wait_and_leaves_no_model(db: Database, root: Path) -> None:
    line = queue(db, root)
    job, probe = put(db, root, "anna"), put(db, root, "anna", probe=True)
    line.tick()
    assert states(db, job, probe) == ["queued", "running"]
    run_out(db, line)
    with db.read() as session:
        assert [model.job_id for model in tuned.models(session)] == [job]


def test_a_job_that_is_canceled_saves_and_goes_on_from_there(db: Database, root: Path) -> None:
    line, job_id = _begin(db, root, steps=150)
    folder = root / "jobs" / job_id
    cancel(db, job_id)
    _until(db, line, job_id, "stopped")
    before = _steps(folder)
    assert int((folder / SAVED).read_text(encoding="ascii")) == before[-1] < 150
    resume(db, job_id)
    run_out(db, line)
    assert (states(db, job_id), row(db, job_id).attempt) == (["done"], 2)
    assert _steps(folder) == list(range(1, 151))  # none twice


def test_a_job_that_waits_and_is_canceled_never_begins(db: Database, root: Path) -> None:
    line, job_id = queue(db, root), put(db, root, "anna")
    with db.write() as session:
        job = tuned.job_by_id(session, job_id)
        assert job is not None
        tuned.set_job_state(session, job, "stopped")
    line.tick()
    assert (states(db, job_id), row(db, job_id).attempt) == (["stopped"], 0)


def test_a_job_that_was_killed_is_interrupted_and_goes_on(db: Database, root: Path) -> None:
    line, job_id = _begin(db, root, steps=100)
    leader = lock.holder(root / "jobs" / job_id / lock.LOCK)
    assert leader is not None
    os.kill(leader, signal.SIGKILL)
    _until(db, line, job_id, "interrupted")
    assert "Resume" in row(db, job_id).message
    resume(db, job_id)
    run_out(db, line)
    assert states(db, job_id) == ["done"]


def test_a_job_that_does_not_save_in_time_is_killed(db: Database, root: Path) -> None:
    line, job_id = _begin(db, root, "stubborn")
    line.backend.grace_s = 0.1  # type: ignore[misc]
    cancel(db, job_id)
    _until(db, line, job_id, "interrupted")
    assert "before it could save" in row(db, job_id).message


def test_why_a_job_failed_is_told(db: Database, root: Path) -> None:
    line = queue(db, root)
    fails, crashes = put(db, root, "fails"), put(db, root, "crashes")
    run_out(db, line)
    assert states(db, fails, crashes) == ["failed", "interrupted"]
    assert row(db, fails).message == "There is nothing to learn. Add clips."
    assert "RuntimeError: out of memory" in row(db, crashes).message
    assert "Traceback" in run_folder.tail(root / "jobs" / crashes)


def test_a_job_outlives_its_queue_and_is_found_again(db: Database, root: Path) -> None:
    line, job_id = _begin(db, root, steps=100)
    del line
    later = queue(db, root)
    later.tick()
    assert states(db, job_id) == ["running"]
    run_out(db, later)
    assert (states(db, job_id), row(db, job_id).attempt) == (["done"], 1)


def test_the_end_of_a_job_that_nobody_looked_at_is_noted_later(db: Database, root: Path) -> None:
    _, job_id = _begin(db, root, steps=30)
    until(lambda: not lock.is_held(root / "jobs" / job_id / lock.LOCK))
    queue(db, root).tick()
    assert states(db, job_id) == ["done"]


def test_a_process_whose_handle_was_lost_is_found_by_its_folder(db: Database, root: Path) -> None:
    line, job_id = _begin(db, root)
    with db.write() as session:  # as if the queue had been killed when it had started it
        job = tuned.job_by_id(session, job_id)
        assert job is not None
        job.handle = None
    line.tick()
    leader = lock.holder(root / "jobs" / job_id / lock.LOCK)
    assert (states(db, job_id), row(db, job_id).handle) == (["running"], {"pid": leader})


def test_a_job_that_never_began_goes_back_to_its_place(db: Database, root: Path) -> None:
    line = queue(db, root)
    first, second = put(db, root, "anna"), put(db, root, "berta")
    with db.write() as session:  # as if the queue had been killed before it started it
        job = tuned.job_by_id(session, first)
        assert job is not None
        tuned.set_job_state(session, job, "running")
    run_folder.append(root / "jobs" / first, "phase", phase="prepare", attempt=1)
    line.tick()
    assert states(db, first, second) == ["running", "queued"]
    assert row(db, first).attempt == 2
    run_out(db, line)


def test_helpers_of_a_process_that_was_killed_end_with_it(db: Database, root: Path) -> None:
    line, job_id = _begin(db, root, "forks")
    folder = root / "jobs" / job_id
    leader = lock.holder(folder / lock.LOCK)
    assert leader is not None
    os.kill(leader, signal.SIGKILL)
    _until(db, line, job_id, "interrupted")
    until(lambda: not lock.is_held(folder / lock.LOCK))  # the helper had it too


def test_a_job_whose_folder_is_gone_has_failed(db: Database, root: Path) -> None:
    line, waits = queue(db, root), put(db, root, "anna")
    shutil.rmtree(root / "jobs" / waits)
    line.tick()
    assert states(db, waits) == ["failed"]
    assert "Retry" in row(db, waits).message


def test_a_model_that_cannot_be_kept_fails_its_job_and_is_kept_when_it_is_resumed(
    db: Database, root: Path
) -> None:
    first, second = put(db, root, "anna"), put(db, root, "anna")
    line = queue(db, root)
    run_out(db, line)
    assert states(db, first, second) == ["done", "failed"]
    assert "already" in row(db, second).message
    with db.write() as session:
        model = tuned.model_of_job(session, first)
        assert model is not None
        tuned.remove_model(session, model)
    resume(db, second)
    run_out(db, line)
    assert states(db, second) == ["done"]


def test_whatever_goes_wrong_with_a_model_holds_up_no_other_job(db: Database, root: Path) -> None:
    def kept(job: Job, folder: Path) -> None:
        if job.tuning["name"] == "anna":
            raise KeyError("lstm")
        keep(db, job, folder)

    line = Queue(db, root / "jobs", local(root), kept)
    first, second = put(db, root, "anna"), put(db, root, "berta")
    run_out(db, line)
    assert states(db, first, second) == ["failed", "done"]


def test_a_full_disk_begins_no_job_and_stops_one_in_time(
    db: Database, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, job_id = _begin(db, root)
    waits = put(db, root, "berta")
    full = Disk(10**12, 10**12, 200 * disk.MB)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: full)
        _until(db, line, job_id, "stopped")
        assert "200 MB" in row(db, job_id).message
        _until(db, line, waits, "failed")
        assert "needs about 50 MB and 300 MB to spare, but only 200 MB" in row(db, waits).message
    resume(db, job_id)
    line.tick()
    assert states(db, job_id) == ["running"]


def test_a_queue_that_may_not_start_still_sees_to_what_runs(db: Database, root: Path) -> None:
    from emostudio.jobs.disabled import OFF, Disabled

    _, job_id = _begin(db, root, steps=60)
    waits = put(db, root, "berta")
    line = Queue(
        db, root / "jobs", Disabled(local(root), OFF), lambda job, folder: keep(db, job, folder)
    )
    _until(db, line, job_id, "done")
    line.tick()
    assert states(db, waits) == ["queued"]
    with pytest.raises(ValueError, match="EMOSTUDIO_TRAINING"):
        line.backend.start(root / "jobs" / waits, resume=False)
