"""What lies in the folder of tuning that no row tells of, after a kill or an old backup."""

from __future__ import annotations

import shutil
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from emostudio.jobs.backend import Backend
from emostudio.jobs.disk import size_of
from emostudio.jobs.run_folder import ERRAND
from emostudio.jobs.tuning import Errand
from emostudio.storage.tuned_tables import LIVE

YOUNG_S = 60.0  # its row may be about to come
WHY = {
    "process": "A process works in this folder, but no job that runs has it.",
    "folder": "No job has this folder.",
    "pack": "No job needs these features.",
}


@dataclass(frozen=True)
class Orphan:
    """A folder that nobody owns, or a process that works in one."""

    kind: Literal["process", "folder", "pack"]
    folder: Path
    size_mb: float
    pid: int | None = None

    @property
    def why(self) -> str:
        """What is wrong with it, in a sentence."""
        return WHY[self.kind]


def orphans(root: Path, rows: dict[str, str], local: Backend) -> list[Orphan]:
    """Find them.

    Args:
        root: the folder of tuning.
        rows: state of each job that was not deleted, by its id.
        local: the backend of this machine.
    """
    found = []
    folders = [folder for folder in _in(root / "jobs") if not folder.name.startswith(".")]
    for folder in folders:
        busy = rows.get(folder.name) in LIVE
        handle = None if busy else local.find(folder)
        if handle is not None:
            found.append(Orphan("process", folder, _size_mb(folder), handle.get("pid")))
        elif folder.name not in rows and time.time() - folder.stat().st_mtime > YOUNG_S:
            found.append(Orphan("folder", folder, _size_mb(folder)))
    needed = packs_of(folders)
    for pack in _in(root / "packs"):
        if pack.name not in needed:
            found.append(Orphan("pack", pack, _size_mb(pack)))
    return found


def clear(orphan: Orphan, local: Backend) -> None:
    """End the process, or delete the folder."""
    if orphan.kind == "process":
        local.kill(orphan.folder, {})
    else:
        shutil.rmtree(orphan.folder, ignore_errors=True)


def packs_of(folders: Collection[Path]) -> set[str]:
    """Return the names of the packs that jobs in these folders need."""
    needed = set()
    for folder in folders:
        try:
            needed.add(Errand.read(folder / ERRAND).pack.name)
        except ValueError:
            continue  # damaged: it needs nothing
    return needed


def _in(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _size_mb(folder: Path) -> float:
    return round(size_of(folder) / 2**20, 1)
