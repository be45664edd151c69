"""Where a job runs: the protocol that this machine and Hugging Face Jobs both speak.

A backend knows folders and processes, no database. What it starts works in a folder as `run_folder`
tells; a handle is what a row keeps to find the process by, and is asked for again if it got lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

Handle = dict[str, Any]


@dataclass(frozen=True)
class Usage:
    """What a job uses: the device in words, memory of its processes and of GPUs in MB, if known."""

    device: str
    memory_mb: float | None = None
    device_mb: float | None = None


class Backend(Protocol):
    """One place where jobs run.

    All but `why_not` may raise OSError: the place can't be reached now, and nothing is known.
    """

    @property
    def name(self) -> str:
        """What a row calls it."""
        ...

    @property
    def slots(self) -> int:
        """How many jobs may run at a time."""
        ...

    @property
    def grace_s(self) -> float:
        """Seconds that a job has to save, before it is killed."""
        ...

    def why_not(self) -> str:
        """Say in a sentence why no job can run here; empty where one can."""
        ...

    def start(self, folder: Path, *, resume: bool) -> Handle:
        """Start the errand of a folder.

        Raises:
            ValueError: it can't be; the sentence says why and what to do.
        """
        ...

    def find(self, folder: Path) -> Handle | None:
        """Return the handle of a process that lives, whoever started it."""
        ...

    def lives(self, folder: Path, handle: Handle) -> bool:
        """Tell whether its process is there, at work or about to be."""
        ...

    def stop(self, folder: Path, handle: Handle) -> None:
        """Ask it to save and to end."""
        ...

    def kill(self, folder: Path, handle: Handle) -> None:
        """End it as it is."""
        ...

    def fetch(self, folder: Path, handle: Handle) -> None:
        """Bring here what it wrote; once it is over, all of it."""
        ...

    def usage(self, folder: Path, handle: Handle) -> Usage:
        """Tell the device and the memory in use."""
        ...

    def forget(self, folder: Path) -> None:
        """Delete what it keeps elsewhere of a job that was deleted here."""
        ...
