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

Kind = Literal["process", "folder", "corpus", "model", "pack"]
YOUNG_S = 60.0  # its row may be about to come
WHY: dict[Kind, str] = {
    "process": "A process works in this folder, but no job that runs has it.",
    "folder": "No job has this folder.",
    "corpus": "No corpus has this folder. Its recordings can't be had again.",
    "model": "No model has this folder. Look which database is in use before you clear it.",
    "pack": "No job needs these features.",
}


@dataclass(frozen=True)
class Orphan:
    """A folder that nobody owns, or a process that works in one."""

    kind: Kind
    folder: Path
    size_mb: float
    pid: int | None = None

    @property
    def why(self) -> str:
        """What is wrong with it, in a sentence."""
        return WHY[self.kind]


def orphans(
    root: Path, rows: dict[str, str], kept: Collection[str], local: Backend
) -> list[Orphan]:
    """Find them.

    Args:
        root: the folder of tuning.
        rows: state of each job that was not deleted, by its id.
        kept: ids of the corpora and models that were not deleted.
        local: the backend of this machine.
    """
    found = []
    folders = _in(root / "jobs")
    for folder in folders:
        busy = rows.get(folder.name) in LIVE
        handle = None if busy else local.find(folder)
        if handle is not None:
            found.append(Orphan("process", folder, _size_mb(folder), handle.get("pid")))
        elif folder.name not in rows and not _young(folder):
            found.append(Orphan("folder", folder, _size_mb(folder)))
    owned: dict[Kind, Path] = {"corpus": root / "corpora", "model": root / "models"}
    for kind, folder in owned.items():
        found += [
            Orphan(kind, left, _size_mb(left))
            for left in _in(folder)
            if left.name not in kept and not _young(left)
        ]
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
    """The folders in it, but for those that are begun."""
    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in inside if path.is_dir() and not path.name.startswith(".")]


def _young(folder: Path) -> bool:
    return time.time() - folder.stat().st_ctime < YOUNG_S  # its name is as young


def _size_mb(folder: Path) -> float:
    return round(size_of(folder) / 2**20, 1)
