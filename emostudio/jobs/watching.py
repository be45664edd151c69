"""Somebody sees to the queue: of all apps and notebooks that share a folder, the one with its lock.

When that one ends, in whichever way, another takes over within a second.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path

from emostudio.jobs import lock
from emostudio.jobs.queueing import Queue

log = logging.getLogger(__name__)
EVERY_S = 1.0
AFTER_ERROR_S = 10.0
PATIENCE_S = 5.0  # for a look that is under way


class Watch:
    """Looks at queues, each in a thread of its own: one place that is slow holds up no other."""

    def __init__(self, file: Path, queues: Sequence[Queue]) -> None:
        """Watch while nobody else has the lock of this file."""
        self._file = file
        self._turns = [(queue, threading.Lock()) for queue in queues]
        self._lock = threading.Lock()
        self._held: int | None = None
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []

    def tick(self) -> bool:
        """Look at each queue once; False where another process sees to them."""
        if not self._is_ours():
            return False
        for queue, turn in self._turns:
            with turn:
                queue.tick()
        return True

    def start(self) -> None:
        """Go on looking until `close`."""
        with self._lock:
            if self._threads:
                return
            self._ended.clear()
            self._threads = [
                threading.Thread(target=self._look, args=turn, name="queue", daemon=True)
                for turn in self._turns
            ]
            for thread in self._threads:
                thread.start()

    def close(self) -> None:
        """Look no more; jobs go on."""
        self._ended.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)
        if any(thread.is_alive() for thread in self._threads):
            return  # it has the lock until this process ends
        with self._lock:
            self._threads = []
            if self._held is not None:
                os.close(self._held)
                self._held = None

    def _is_ours(self) -> bool:
        with self._lock:
            if self._held is None:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._held = lock.take(self._file)
            return self._held is not None

    def _look(self, queue: Queue, turn: threading.Lock) -> None:
        wait_s = EVERY_S
        while not self._ended.is_set():
            try:
                if self._is_ours():
                    with turn:
                        queue.tick()
                wait_s = EVERY_S
            except Exception:  # a database that is gone comes back; nobody else would look
                log.exception("the queue can't be seen to; it is tried again")
                wait_s = AFTER_ERROR_S
            self._ended.wait(wait_s)
