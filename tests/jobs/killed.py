"""Queues that are killed, again and again, and so are their workers: run by test_durability.

`python -m tests.jobs.killed URL FOLDER ROUNDS`. Each round kills the process that sees to the queue
before another line of the queue's own code than the rounds before it; every third one also kills
the worker, and every fourth one cancels what runs.
"""

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from emostudio.jobs import lock, queueing
from emostudio.jobs.watching import Watch
from emostudio.storage import tuned
from emostudio.storage.database import Database
from tests.dying import dies_after
from tests.jobs.queues import put, queue

PACKAGE = str(Path(queueing.__file__).parent)
STEPS = 5
A_LOOK_S = 0.02
A_ROUND_S = 30.0


def main(url: str, folder: Path, rounds: int) -> None:
    """Kill as many queues as there are rounds; each begins with one more job."""
    root = folder / "tuned"
    for number in range(rounds):
        db = Database.open(url, folder)
        put(db, root, f"job-{number}", steps=STEPS)
        db.close()
        child = os.fork()
        if child == 0:
            _see_to_it(url, folder, 1 + number * 7)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
            sys.exit(f"the queue of round {number} was not killed: {status}")
        if number % 3 == 0:
            _kill_workers(root)
        if number % 4 == 0:
            _cancel(url, folder)


def _see_to_it(url: str, folder: Path, left: int) -> None:
    count = dies_after(left, PACKAGE)
    try:
        db = Database.open(url, folder)
        watch = Watch(folder / "tuned" / "queue.lock", [queue(db, folder / "tuned")])
        end = time.monotonic() + A_ROUND_S
        sys.settrace(count)
        while time.monotonic() < end:
            assert watch.tick(), "a queue that was killed still has its lock"
            time.sleep(A_LOOK_S)
    finally:
        os._exit(1)  # it should be dead by now


def _cancel(url: str, folder: Path) -> None:
    db = Database.open(url, folder)
    with db.write() as session:
        for job in tuned.jobs_in(session, ["running"]):
            tuned.set_job_state(session, job, "stopping")
    db.close()


def _kill_workers(root: Path) -> None:
    for file in root.glob("jobs/*/lock"):
        leader = lock.holder(file)
        if leader is not None and lock.is_held(file):
            with suppress(ProcessLookupError):
                os.kill(leader, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
