"""No job is lost, done twice, or kept twice, whatever is killed between which two lines."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from emostudio.jobs import lock, run_folder
from emostudio.storage import tuned
from emostudio.storage.database import Database
from tests.jobs.killed import STEPS
from tests.jobs.obedient import TWICE
from tests.jobs.queues import queue, resume, run_out

ROOT = Path(__file__).parents[2]
ROUNDS = 60


@pytest.mark.slow
def test_every_job_is_done_once_though_its_queue_and_worker_are_killed(
    new_database: Callable[[], str], tmp_path: Path
) -> None:
    url, root = new_database(), tmp_path / "tuned"
    killed = subprocess.run(
        [sys.executable, "-m", "tests.jobs.killed", url, str(tmp_path), str(ROUNDS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == 0, killed.stderr
    db = Database.open(url, tmp_path)
    try:
        line = queue(db, root)
        run_out(db, line)
        with db.read() as session:
            jobs = tuned.jobs(session)
        assert {job.state for job in jobs} <= {"done", "stopped", "interrupted"}
        for job in jobs:
            if job.state != "done":
                resume(db, job.id)
        run_out(db, line)
        with db.read() as session:
            jobs, models = tuned.jobs(session), tuned.models(session)
        assert [job.state for job in jobs] == ["done"] * ROUNDS
        assert {model.job_id for model in models} == {job.id for job in jobs}
        assert len(models) == ROUNDS
    finally:
        db.close()
    folders = [root / "jobs" / job.id for job in jobs]
    assert not any((folder / TWICE).exists() or lock.is_held(folder / "lock") for folder in folders)
    for folder in folders:
        events = run_folder.events(folder)
        assert events[-1].kind == "done"
        assert {event.step for event in events if event.kind == "step"} == set(range(1, STEPS + 1))
