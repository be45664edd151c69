"""The sounds of a folder, a zip or a manifest, each by its name, with what tables tell of them."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from emostudio.data.archives import unzip
from emostudio.data.corpora import TABLE
from emostudio.data.hub import MAX_BYTES, MAX_CLIPS, MIN_FREE_BYTES
from emostudio.data.labels import read_table
from emostudio.soundfiles import SUFFIXES

TABLES = (".csv", ".tsv")


@dataclass
class Given:
    """Sounds by name, rows of tables by the same names, and why other files are left out."""

    sounds: dict[str, Path] = field(default_factory=dict)
    told: dict[str, dict[str, str]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def given(source: Path, scratch: Path) -> Given:
    """Find the sounds of a source; a zip is unpacked into the folder `scratch`.

    Raises:
        ValueError: it is not there or nothing of the kind, has no sounds or too many, a table can't
            be read, or there is no room to unpack it.
    """
    if source.is_dir():
        files = {path.relative_to(source).as_posix(): path for path in sorted(source.rglob("*"))}
        found = _of_files({name: path for name, path in files.items() if path.is_file()})
    elif not source.is_file():
        raise ValueError(f"There is no folder, zip or table {source}. Check the path.")
    elif source.suffix.lower() in TABLES:
        found = _of_manifest(source)
    else:
        check_room(scratch, _unpacked_bytes(source))
        files, refused = unzip(source, scratch, max_files=MAX_CLIPS, max_bytes=MAX_BYTES)
        found = _of_files(files)
        found.refused = refused | found.refused
    if not found.sounds:
        why = next((f" {name}: {why}" for name, why in found.refused.items()), "")
        raise ValueError(
            f"{source.name} has no sound files; give {', '.join(SUFFIXES[:5])} and the like.{why}"
        )
    if len(found.sounds) > MAX_CLIPS:
        raise ValueError(
            f"There are {len(found.sounds)} clips; {MAX_CLIPS} is the limit. Split them."
        )
    return found


def check_room(folder: Path, n_bytes: int = 0) -> None:
    """Refuse to write so much where the disk would be nearly full.

    Raises:
        ValueError: it would be; the sentence has the numbers.
    """
    free = shutil.disk_usage(folder).free
    if free - n_bytes < MIN_FREE_BYTES:
        raise ValueError(
            f"The disk has {free / 2**20:.0f} MB left. This would take {n_bytes / 2**20:.0f} MB of "
            f"it, and {MIN_FREE_BYTES / 2**20:.0f} MB have to stay free. Make room first."
        )


def _unpacked_bytes(archive: Path) -> int:
    try:
        with zipfile.ZipFile(archive) as opened:
            return min(MAX_BYTES, sum(info.file_size for info in opened.infolist()))
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise ValueError(f"{archive.name} is no zip that can be read. Pack it again.") from error


def _of_files(files: Mapping[str, Path]) -> Given:
    files = {name: path for name, path in files.items() if not hidden(name)}
    found = Given({n: path for n, path in files.items() if path.suffix.lower() in SUFFIXES})
    tables = [name for name in files if PurePosixPath(name).name.lower() == TABLE]
    if not tables:
        tables = [name for name in files if PurePosixPath(name).suffix.lower() in TABLES]
        if len(tables) > 1:
            raise ValueError(
                f"There are {len(tables)} tables, such as {tables[0]} and {tables[1]}. Call the "
                f"one that tells what the clips are {TABLE}."
            )
    by_last: dict[str, list[str]] = {}
    for name in found.sounds:
        by_last.setdefault(PurePosixPath(name).name, []).append(name)
    for table in tables:
        above = PurePosixPath(table).parent
        for number, row in enumerate(read_table(files[table]), 2):
            asked = PurePosixPath(row.pop("file").replace("\\", "/"))
            name = (above / asked).as_posix()
            alike = by_last.get(asked.name, [])
            if name not in found.sounds and len(alike) == 1:
                name = alike[0]
            _tell(found, name, row, f"Line {number} of {table}")
    for table in tables:
        above = PurePosixPath(table).parent
        for name in list(found.sounds):
            if name not in found.told and above in PurePosixPath(name).parents:
                found.refused.setdefault(name, f"No line of {table} names it. Add one.")
                del found.sounds[name]
    return found


def _of_manifest(table: Path) -> Given:
    """Take the files that a table names, each by its name below the folder that all share."""
    rows = [(row.pop("file").replace("\\", "/"), row) for row in read_table(table)]
    paths = {name: Path(os.path.abspath(table.parent / name)) for name, _ in rows}  # noqa: PTH100
    there = {name: path for name, path in paths.items() if name and path.is_file()}
    top = os.path.commonpath([path.parent for path in there.values()]) if there else ""
    called = {name: path.relative_to(top).as_posix() for name, path in there.items()}
    found = Given({called[name]: path for name, path in there.items()})
    for number, (name, row) in enumerate(rows, 2):
        _tell(found, called.get(name, name), row, f"Line {number} of {table.name}")
    return found


def _tell(found: Given, name: str, row: dict[str, str], line: str) -> None:
    """Note what a line tells of a file, or why it can't."""
    if name in found.told or name in found.refused:
        found.refused[name] = f"{line} names it a second time. Take one of the two lines out."
        found.told.pop(name, None)
        found.sounds.pop(name, None)
    elif name not in found.sounds:
        found.refused[name or line] = f"{line} names it, and there is no such sound file."
    else:
        found.told[name] = row


def hidden(name: str) -> bool:
    """Tell whether a name, or a folder in it, is one that systems keep for themselves."""
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)
