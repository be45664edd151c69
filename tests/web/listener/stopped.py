"""A server that is stopped again and again: run by test_stopped.

`python -m tests.web.listener.stopped FOLDER` makes a study, prints its link and port, and then for
each line that it reads forks a server and prints the process's number, once the one before is dead.
The port stays open between two servers: a request waits for the next.
"""

import json
import os
import socket
import sys
from pathlib import Path

import uvicorn

from emostudio.storage.database import Database
from emostudio.storage.sounds import Sounds
from tests.studies.live import consent, live
from tests.web.listener.serving import app

STARTS = 100_000  # a minute


def say(what: object) -> None:
    """Tell the test a line."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def serve(folder: Path, port: socket.socket) -> None:
    """Serve until a signal comes."""
    db = Database.open("", folder)
    config = uvicorn.Config(app(db, Sounds(folder / "sounds"), STARTS), log_level="error")
    uvicorn.Server(config).run(sockets=[port])
    db.close()


def main(folder: Path) -> None:
    """Fork a server for each line."""
    db = Database.open("", folder)
    slug = live(db, Sounds(folder / "sounds"), trials=0)
    link = {"slug": slug, "consent_hash": consent(db, slug)}
    db.close()
    with socket.create_server(("127.0.0.1", 0), backlog=64) as port:
        say(json.dumps(link | {"port": port.getsockname()[1]}))
        for _ in sys.stdin:
            child = os.fork()
            if child == 0:
                try:
                    serve(folder, port)
                finally:
                    os._exit(0)
            say(child)
            os.waitpid(child, 0)
            say("dead")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
