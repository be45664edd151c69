"""Who lives holds a lock: a file that the kernel lets go when its last holder is gone.

That holds after any kill and any restart, and whichever process has its number since. The file
tells the number of the process that the lock was handed to.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = "lock"
TRIES = 20  # who only looks lets go at once


def take(file: Path) -> int | None:
    """Take the lock and return its descriptor; None where somebody has it."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    for _ in range(TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if is_held(file):
                break
            time.sleep(0.01)
    os.close(descriptor)
    return None


@contextmanager
def turn(file: Path) -> Iterator[None]:
    """Wait for the lock, among threads and processes, and hold it for the while of a block."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_held(file: Path) -> bool:
    """Tell whether somebody has the lock; many may ask at once."""
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)


def holder(file: Path) -> int | None:
    """Return the number of the process that it was handed to, as soon as that has told it."""
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
