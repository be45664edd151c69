"""A place where no job may begin, and why: a public demo, ZeroGPU, no token."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from emostudio.jobs.backend import Backend, Handle, Usage

OFF = "Training is switched off here: EMOSTUDIO_TRAINING is off."
ZERO_GPU = (
    "This Space runs on ZeroGPU, which lends a GPU for minutes: too short to train. Use Hugging "
    "Face Jobs, or a machine with a device of its own."
)


@dataclass(frozen=True)
class Disabled:
    """A backend that starts nothing for a `reason`; what runs there already is still seen to."""

    backend: Backend
    reason: str
    slots: int = 0

    @property
    def name(self) -> str:
        """What a row calls it."""
        return self.backend.name

    @property
    def grace_s(self) -> float:
        """Seconds that a job has to save."""
        return self.backend.grace_s

    def why_not(self) -> str:
        """Say the reason."""
        return self.reason

    def start(self, folder: Path, *, resume: bool) -> Handle:
        """Refuse.

        Raises:
            ValueError: always, with the reason.
        """
        raise ValueError(self.reason)

    def find(self, folder: Path) -> Handle | None:
        """Return the handle of a process that lives, whoever started it."""
        return self.backend.find(folder)

    def lives(self, folder: Path, handle: Handle) -> bool:
        """Tell whether its process is there."""
        return self.backend.lives(folder, handle)

    def stop(self, folder: Path, handle: Handle) -> None:
        """Ask it to save and to end."""
        self.backend.stop(folder, handle)

    def kill(self, folder: Path, handle: Handle) -> None:
        """End it as it is."""
        self.backend.kill(folder, handle)

    def fetch(self, folder: Path, handle: Handle) -> None:
        """Bring here what it wrote."""
        self.backend.fetch(folder, handle)

    def usage(self, folder: Path, handle: Handle) -> Usage:
        """Tell the device and the memory in use."""
        return self.backend.usage(folder, handle)

    def forget(self, folder: Path) -> None:
        """Delete what it keeps elsewhere of a job that was deleted here."""
        self.backend.forget(folder)
