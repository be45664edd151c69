"""The journal: what was written, one JSON line a commit, beside the database.

A line is on the disk before its commit, so that no vote that was acknowledged is in the database
alone; from the lines of all files a database can be made anew. A file belongs to one process and
one start of it: what another left unfinished, a torn last line, is never appended to.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from emostudio.storage.ids import new_id
from emostudio.storage.sounds import sync_folder

SUFFIX = ".jsonl"
_NEW = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL
_NEW |= getattr(os, "O_BINARY", 0)  # Windows would write two bytes for the end of a line


class Entry(NamedTuple):
    """One line of a file, and where in it the line ends, in bytes."""

    file: str
    end: int
    line: bytes


class JournalFile:
    """The file of this process. One thread writes at a time: the caller sees to that."""

    def __init__(self, folder: Path) -> None:
        """Use this folder; the file is made with its first line."""
        self.folder = folder
        self.name = new_id()
        self._handle: int | None = None
        self._last = ""

    def line(self, rows: list[dict[str, Any]]) -> bytes:
        """Return the line of a commit; its time never runs backwards within a file."""
        at = datetime.now(timezone.utc).isoformat(timespec="microseconds")
        self._last = max(self._last, at)
        return to_line(self._last, rows)

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return 0 if self._handle is None else os.fstat(self._handle).st_size

    def append(self, line: bytes) -> None:
        """Add a line; it is on the disk when this returns."""
        handle = self._open()
        while line:
            line = line[os.write(handle, line) :]
        os.fsync(handle)

    def cut(self, size: int) -> None:
        """Take back what was written beyond `size` bytes: lines whose commit failed."""
        if self._handle is not None and self.size > size:
            os.ftruncate(self._handle, size)
            os.fsync(self._handle)

    def close(self) -> None:
        """Close the file; a later line begins another."""
        if self._handle is not None:
            os.close(self._handle)
        self._handle = None
        self.name = new_id()

    def _open(self) -> int:
        if self._handle is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / f"{self.name}{SUFFIX}"
            self._handle = os.open(path, _NEW, 0o600)
            for folder in (self.folder, self.folder.parent):
                sync_folder(folder)
        return self._handle


def to_line(at: str, rows: list[dict[str, Any]]) -> bytes:
    """Return a line; lines sort by time as bytes, for `at` is first and of one width."""
    entry = {"at": at, "rows": rows}
    text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode() + b"\n"


def adopt(folder: Path, lines: bytes) -> None:
    """Put the lines of a backup into the journal as a file of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{new_id()}{SUFFIX}"
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    sync_folder(folder)


def sizes(folder: Path) -> dict[str, int]:
    """Return the bytes of each file of a journal, by name."""
    return {path.stem: path.stat().st_size for path in sorted(folder.glob(f"*{SUFFIX}"))}


def tail(folder: Path, name: str, start: int) -> Iterator[Entry]:
    """Give the whole lines of a file from byte `start` on; a torn last one is left out."""
    with (folder / f"{name}{SUFFIX}").open("rb") as file:
        file.seek(start)
        for line in file:
            if line.endswith(b"\n"):
                start += len(line)
                yield Entry(name, start, line)
