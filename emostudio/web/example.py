"""A recording to begin with, for who has none at hand: spoken by our own model when asked for."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from emostudio.values import Request
from emostudio.web.device import on_device, seconds_for
from emostudio.web.folder import new_folder

if TYPE_CHECKING:
    from emostudio.studio import Studio

TEXT = "I heard what you said this morning, and I have thought about it all day."
VOICE = "kathleen"


class Example:
    """Speaks the sentence once, and again after the day's sweep took its file."""

    def __init__(self, studio: Studio) -> None:
        """Speak nothing yet."""
        self._speak = on_device(studio.speak, seconds_for)
        self._path: Path | None = None
        self._lock = threading.Lock()

    def path(self) -> str:
        """Return the file.

        Raises:
            ValueError: the checkpoint that speaks it is missing.
        """
        with self._lock:
            if self._path is None or not self._path.exists():
                take = self._speak(Request(TEXT, voice=VOICE))
                self._path = take.save(new_folder() / "example.wav")
            return str(self._path)
