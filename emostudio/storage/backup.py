"""Backups: everything in one zip, taken while people listen, and the ways back.

The zip holds rows.jsonl, in the words of the journal, and sounds/SHA256.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select

from emostudio.storage.connections import url_of
from emostudio.storage.database import Database
from emostudio.storage.ids import new_id
from emostudio.storage.journal import adopt, sizes, to_line
from emostudio.storage.rows import TABLES, to_json
from emostudio.storage.sounds import Sounds

ROWS, SOUNDS = "rows.jsonl", "sounds/"
_ROWS_A_LINE = 500


class Held(NamedTuple):
    """What a backup holds, or what was made from one."""

    n_rows: int
    n_sounds: int


def backup(db: Database, sounds: Sounds, target: Path) -> Held:
    """Write a backup: all rows as they are at one moment, and every sound.

    The file is whole when it appears: until then it is called TARGET.part.
    """
    unfinished = target.with_name(f"{target.name}.part")
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
            n_rows = _write_rows(db, archive)
            names = list(sounds)  # rows never name a sound that is not there yet
            for name in names:
                archive.write(sounds.path(name), f"{SOUNDS}{name}")
        with unfinished.open("rb+") as file:
            os.fsync(file.fileno())
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return Held(n_rows, len(names))


def _write_rows(db: Database, archive: zipfile.ZipFile) -> int:
    at = datetime.now(timezone.utc).isoformat(timespec="microseconds")
    n_rows = 0
    with db.read() as session, archive.open(ROWS, "w", force_zip64=True) as file:
        for table in TABLES:
            query = select(table).order_by(table.columns.created_at, table.columns.id)
            found = session.execute(query.execution_options(yield_per=_ROWS_A_LINE))
            for part in found.partitions():
                rows = [
                    {"table": table.name, "op": "insert", "row": to_json(row._asdict())}
                    for row in part
                ]
                file.write(to_line(at, rows))
                n_rows += len(rows)
    return n_rows


def restore(source: Path, db: Database, sounds: Sounds) -> Held:
    """Put a backup into an empty place.

    Raises:
        ValueError: the place is not empty, or the file is no backup or damaged.
    """
    if any(db.counts().values()):
        raise ValueError(
            f"There are studies in {db.where().place} already. Restore into an empty place: "
            "set EMOSTUDIO_DATA_DIR to a new folder, and DATABASE_URL to an empty database."
        )
    try:
        with zipfile.ZipFile(source) as archive:
            if (damaged := archive.testzip()) is not None:
                raise ValueError(f"{damaged} in {source.name} is damaged. Take another backup.")
            names = [name for name in archive.namelist() if name.startswith(SOUNDS)]
            for name in names:
                if sounds.add(archive.read(name)) != name.removeprefix(SOUNDS):
                    raise ValueError(f"{name} in {source.name} is damaged. Take another backup.")
            lines = archive.read(ROWS)
    except zlib.error as error:
        raise ValueError(f"{source.name} is damaged. Take another backup.") from error
    except (zipfile.BadZipFile, KeyError) as error:
        raise ValueError(f"{source.name} is no backup of EmoStudio.") from error
    adopt(db.folder, lines)
    if db.catch_up():
        raise ValueError(f"Not all of {source.name} could be restored; the log says which rows.")
    return Held(sum(db.counts().values()), len(names))


def rebuild(url: str, data_dir: Path) -> Database:
    """Make the database anew from the journal alone, and return it open.

    The one before is set aside under another name. In PostgreSQL there is no need of this: an empty
    database is filled from the journal when it is opened.

    Raises:
        ValueError: there is no journal, or the database is PostgreSQL.
    """
    address = url_of(url, data_dir)
    if address.drivername != "sqlite":
        raise ValueError(
            "To rebuild in PostgreSQL, name an empty database in DATABASE_URL and start EmoStudio: "
            "it fills the database from the journal."
        )
    if not sizes(data_dir / "journal"):
        raise ValueError(f"There is no journal in {data_dir}. Check EMOSTUDIO_DATA_DIR.")
    file = Path(address.database or "")
    aside = f"{file.name}.{new_id()}"
    for part in ("", "-wal", "-shm"):  # they belong together
        old = file.with_name(file.name + part)
        if old.exists():
            old.rename(file.with_name(aside + part))
    return Database.open(url, data_dir)
