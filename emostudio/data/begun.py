"""Folders that come under their name once all of it is there, and what was never finished."""

from __future__ import annotations

import contextlib
import shutil
import time
from pathlib import Path

BEGUN = ".begun-"  # what a folder's name starts with until all of it is there
STALE_S = 24 * 3600  # after which nobody works on what was begun


def sweep(parent: Path) -> None:
    """Delete what somebody began there a day ago and never finished."""
    for left in parent.glob(f"{BEGUN}*"):
        with contextlib.suppress(OSError):  # another process has just deleted it
            if time.time() - left.stat().st_mtime > STALE_S:
                shutil.rmtree(left)
