"""A child process that answers and is killed, again and again: run by test_durability.

`python -m tests.storage.killed URL FOLDER ROUNDS` prints the answers that were acknowledged. Each
round kills the child before another line of the storage's own code than the rounds before it.
"""

import os
import signal
import sys
from pathlib import Path

from emostudio.storage import taken
from emostudio.storage.database import Database
from tests.databases import Pilot, answer, pilot
from tests.dying import dies_after

PACKAGE = str(Path(taken.__file__).parent)
A_ROUND = 12  # answers at most


def main(url: str, folder: Path, rounds: int) -> None:
    """Kill as many children as there are rounds."""
    db = Database.open(url, folder)
    there = pilot(db, n_trials=rounds * A_ROUND)
    db.close()
    for number in range(rounds):
        child = os.fork()
        if child == 0:
            _listen(url, folder, there, number)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
            sys.exit(f"the child of round {number} was not killed: {status}")


def _listen(url: str, folder: Path, there: Pilot, number: int) -> None:
    count = dies_after(1 + number * 3, PACKAGE)
    try:
        if number % 4 == 0:  # killed while the last one's journal is read
            sys.settrace(count)
        db = Database.open(url, folder)
        for trial in range(number * A_ROUND, (number + 1) * A_ROUND):
            with db.write() as session:
                taken.add_response(session, answer(there, str(trial), trial))
            os.write(1, f"{trial}\n".encode())
            sys.settrace(count)
    finally:
        os._exit(1)  # it should be dead by now


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
