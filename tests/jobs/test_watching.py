"""Of all who could see to the queue, one does, and another when that one is gone."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from emostudio.jobs.watching import Watch
from emostudio.storage.database import Database
from tests.jobs.queues import put, queue, states, until


def test_one_sees_to_the_queue_and_the_next_when_it_lets_go(db: Database, root: Path) -> None:
    first = Watch(root / "queue.lock", [queue(db, root)])
    second = Watch(root / "queue.lock", [queue(db, root)])
    assert (first.tick(), second.tick(), first.tick()) == (True, False, True)
    first.close()
    assert (second.tick(), first.tick()) == (True, False)
    second.close()


def test_another_takes_over_from_an_app_that_was_killed(db: Database, root: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from emostudio.jobs.watching import Watch\n"
        "assert Watch(Path(sys.argv[1]), []).tick(); print('mine', flush=True); time.sleep(3600)"
    )
    app = subprocess.Popen(
        [sys.executable, "-c", code, str(root / "queue.lock")],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert app.stdout is not None and app.stdout.readline() == b"mine\n"
    watch = Watch(root / "queue.lock", [queue(db, root)])
    assert not watch.tick()
    os.kill(app.pid, signal.SIGKILL)
    app.communicate()
    assert watch.tick()
    watch.close()


def test_jobs_are_done_without_anybody_looking(db: Database, root: Path) -> None:
    watch = Watch(root / "queue.lock", [queue(db, root)])
    job_id = put(db, root, "anna")
    watch.start()
    watch.start()  # and once is enough
    until(lambda: states(db, job_id) == ["done"])
    watch.close()
