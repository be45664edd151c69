"""Where votes live, and whether they are still there after a restart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MOUNTS = Path("/proc/mounts")
# On these, SQLite's locks or the order of its writes don't hold.
_REMOTE = "nfs nfs4 cifs smb3 smbfs afs ceph glusterfs lustre beegfs fuse davfs".split()


@dataclass(frozen=True)
class Whereabouts:
    """Where votes live.

    `kind` is "sqlite" or "postgresql", `place` a file or host and database, never a password.
    `survives`: whether they are there after a restart of this machine, None if that is unknown.
    `sentence` says so to an administrator, and what to do.
    """

    kind: str
    place: str
    survives: bool | None
    sentence: str


def file_system(folder: Path, mounts: str) -> str:
    """Return the kind of file system of a folder, "" if unknown.

    Args:
        folder: an absolute path; it need not exist yet.
        mounts: the text of /proc/mounts.
    """
    best, kind = Path(), ""
    for line in mounts.splitlines():
        _, point, found, *_ = [*line.split(), "", "", ""]
        mount = Path(point.replace("\\040", " "))
        # The later of two on one point covers the earlier.
        if (folder == mount or mount in folder.parents) and len(mount.parts) >= len(best.parts):
            best, kind = mount, found
    return kind


def refuse_remote(folder: Path, mounts: str) -> None:
    """Refuse a place where SQLite would be corrupted.

    Raises:
        ValueError: the folder is on another machine or behind FUSE; the sentence says what to do.
    """
    kind = file_system(folder, mounts)
    if kind in _REMOTE or kind.startswith("fuse."):
        raise ValueError(
            f"{folder} is on a network disk ({kind}), where an SQLite database breaks. "
            "Set EMOSTUDIO_DATA_DIR to a folder of a local disk, "
            "or DATABASE_URL to a PostgreSQL database."
        )


def file_whereabouts(file: Path, mounts: str, *, in_space: bool) -> Whereabouts:
    """Say whether a SQLite file survives a restart."""
    kind = file_system(file.parent, mounts)
    if in_space:
        survives, sentence = (
            False,
            "This Space loses its disk at a restart, and all votes with it. Set DATABASE_URL to a "
            "PostgreSQL database before the first listener, or download a backup each day.",
        )
    elif kind in ("tmpfs", "ramfs"):
        survives, sentence = (
            False,
            f"{file.parent} is in memory: votes are lost when this machine restarts. "
            "Set EMOSTUDIO_DATA_DIR to a folder on a disk.",
        )
    elif kind == "overlay":
        survives, sentence = (
            None,
            f"{file.parent} is inside a container: votes are lost when it is removed, though not "
            "when it restarts. Mount a folder there to be safe.",
        )
    else:
        survives, sentence = (
            True,
            f"Votes are in {file} on this machine and survive a restart. Backups protect from "
            "the loss of the disk.",
        )
    return Whereabouts("sqlite", str(file), survives, sentence)


def server_whereabouts(place: str) -> Whereabouts:
    """Say that votes in PostgreSQL, at `place`: host and database, survive."""
    return Whereabouts(
        "postgresql",
        place,
        True,
        f"Votes and clips are in PostgreSQL at {place} and survive a restart of EmoStudio.",
    )
