"""The listening page on a port of its own, which can die and come back."""

import socket
import threading
import time

import uvicorn
from starlette.applications import Starlette

from emostudio.settings import Settings
from emostudio.storage.database import Database
from emostudio.storage.sounds import Sounds
from emostudio.web.listener import routes


def app(db: Database, sounds: Sounds, starts_per_minute: int = 1_000) -> Starlette:
    """Return the routes of the listening page as an app."""
    settings = Settings(starts_per_minute=starts_per_minute)
    return Starlette(routes=routes(db, sounds, settings))


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Served:
    """A server in a thread; `stop` and `start` again keep the address."""

    def __init__(self, db: Database, sounds: Sounds) -> None:
        self.app = app(db, sounds)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.start()

    def start(self) -> None:
        config = uvicorn.Config(
            self.app, port=self.port, log_level="error", timeout_graceful_shutdown=1
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join()
