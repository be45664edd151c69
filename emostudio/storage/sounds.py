"""The sounds of studies: files named for what they hold, so that none is kept twice or replaced."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emostudio.storage.shelf import Shelf

_SHA256 = re.compile(r"[0-9a-f]{64}")


class Sounds:
    """A folder of sounds, FOLDER/ab/abcd…: the first two letters, then the whole SHA-256.

    `Database.sounds` is the way to those of a study. Where there is a shelf they are kept there
    too, and come back from it when the folder was lost.
    """

    def __init__(self, folder: Path, shelf: Shelf | None = None) -> None:
        """Use this folder; it is made when the first sound comes."""
        self.folder = folder
        self._shelf = shelf

    def add(self, data: bytes) -> str:
        """Keep the bytes of one file and return their SHA-256; they are on the disk by then."""
        sha256 = hashlib.sha256(data).hexdigest()
        self._write(sha256, data)
        if self._shelf is not None:
            self._shelf.put(sha256, data)
        return sha256

    def path(self, sha256: str) -> Path:
        """Return the file of a sound.

        Raises:
            ValueError: there is none of that name.
        """
        path = self._path(sha256)
        if not path.is_file():
            data = self._shelf.get(sha256) if self._shelf is not None else None
            if data is None:
                raise ValueError(f"The sound {sha256[:12]} is not here. Restore it from a backup.")
            self._write(sha256, data)
        return path

    def __contains__(self, sha256: str) -> bool:
        """Whether a sound is here."""
        if self._path(sha256).is_file():
            return True
        return self._shelf is not None and sha256 in self._shelf

    def __iter__(self) -> Iterator[str]:
        """Give the SHA-256 of every sound."""
        files = {path.name for path in self.folder.glob("??/*") if _SHA256.fullmatch(path.name)}
        yield from sorted(files | (self._shelf.names() if self._shelf is not None else set()))

    def _write(self, sha256: str, data: bytes) -> None:
        path = self._path(sha256)
        if path.is_file():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            unfinished = Path(file.name)
        try:
            with unfinished.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)  # once it is closed: Windows asks for that
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        for folder in (path.parent, self.folder, self.folder.parent):
            sync_folder(folder)

    def _path(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise ValueError(f"'{sha256[:12]}' names no sound: 64 digits of a SHA-256 do.")
        return self.folder / sha256[:2] / sha256


def sync_folder(folder: Path) -> None:
    """Put the names of a folder's files on the disk, not only the files."""
    if os.name == "nt":  # folders can't be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
