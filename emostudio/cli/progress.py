"""How far a piece of work is, for a person at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

Done = TypeVar("Done")
Progress = Callable[[float, str], None]


def with_progress(work: Callable[[Progress | None], Done]) -> Done:
    """Do it, and show how far it is where somebody looks."""
    if not sys.stderr.isatty():
        return work(None)

    def show(share: float, message: str) -> None:
        print(f"\r{share:4.0%} {message:<40}", end="", file=sys.stderr, flush=True)

    done = work(show)
    print("\r" + " " * 46 + "\r", end="", file=sys.stderr, flush=True)
    return done
