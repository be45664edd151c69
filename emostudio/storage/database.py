"""The database of studies and answers: read in a snapshot, written by one at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import URL, bindparam, func, select, text
from sqlalchemy.orm import Session

from emostudio.storage import journal, migrations, places
from emostudio.storage.connections import engines, url_of
from emostudio.storage.errors import BrokenRuleError, DatabaseDownError, in_words
from emostudio.storage.rows import TABLES, apply
from emostudio.storage.sessions import Reading, Writing
from emostudio.storage.shelf import Shelf
from emostudio.storage.sounds import Sounds
from emostudio.storage.tables import Journal, Utc, now

__all__ = ["BrokenRuleError", "Database", "DatabaseDownError"]

AT = len('{"at":"2026-01-01T00:00:00.000000+00:00"')  # what lines are sorted by
# The same on SQLite and PostgreSQL.
_HAS = text(
    "INSERT INTO journal (id, created_at, read_bytes) VALUES (:id, :at, :size) "
    "ON CONFLICT (id) DO UPDATE SET read_bytes = excluded.read_bytes"
).bindparams(bindparam("at", type_=Utc()))  # Python's own way to give SQLite a time is going away


class Database:
    """Studies and answers, and the journal beside them.

    Threads may share it. A row that `read` or `write` gave can be looked at after the session has
    ended; it is changed by getting it again inside a `write`.
    """

    def __init__(self, url: URL, data_dir: Path) -> None:
        """Connect; `open` is the way in."""
        self.url = url
        self.data_dir = data_dir
        self.folder = data_dir / "journal"
        self._reader, self._writer, self._free = engines(url)
        self._turn = threading.RLock()
        self._writing = False
        self._unsettled = False
        self._journal = journal.JournalFile(self.folder)

    @classmethod
    def open(cls, url: str, data_dir: Path) -> Database:
        """Connect, bring the tables up to date, and apply what the journal has beyond them.

        Args:
            url: postgresql://…, or empty for SQLite in `data_dir`.
            data_dir: where the journal lies, and the file of SQLite.

        Raises:
            ValueError: the place can't hold a database; the sentence says what to do.
            OSError: the folder can't be written, the server not reached, or the file is damaged.
        """
        address = url_of(url, data_dir)
        data_dir.mkdir(parents=True, exist_ok=True)
        if address.drivername == "sqlite":
            places.refuse_remote(_file(address).parent.resolve(), _mounts())
        database = cls(address, data_dir)
        try:
            with in_words(), database._writer.begin() as connection:
                migrations.upgrade(connection)
            database.catch_up()
        except BaseException:
            database.close()
            raise
        return database

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session that sees the database as it is now, whatever is written meanwhile."""
        with in_words(), Reading(self._reader) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Give the one session that may change rows; it is durable when this ends.

        Nothing is written if anything is raised inside. The rules of the schema are checked before
        the journal gets its line, so that a line is only taken back when the disk is full or the
        server gone.

        Raises:
            BrokenRuleError: the rows break a rule of the schema.
            DatabaseDownError: the server is gone or the disk is full.
        """
        with self._turn:
            if self._writing:
                raise RuntimeError("A write inside a write: hand the session on instead.")
            if self._unsettled:
                self._settle()
            self._writing = True
            try:
                with in_words(), Writing(self._writer) as session:
                    yield session
                    session.flush()
                    if rows := session.changes():
                        self._commit(session, self._journal.line(rows))
            finally:
                self._writing = False
                if self._unsettled:
                    with suppress(OSError):  # tried again before the next write
                        self._settle()

    def _commit(self, session: Session, line: bytes) -> None:
        size = self._journal.size + len(line)
        session.connection().execute(_HAS, {"id": self._journal.name, "at": now(), "size": size})
        self._unsettled = True
        self._journal.append(line)
        session.commit()
        self._unsettled = False

    def _settle(self) -> None:
        """Take back the lines of the journal whose commit failed.

        A commit may have succeeded though its answer got lost: the database knows, and tells the
        next writer, who waits for the end of the one before.
        """
        with in_words(), self._writer.begin() as connection:
            query = select(Journal.read_bytes).where(Journal.id == self._journal.name)
            self._journal.cut(connection.scalar(query) or 0)
        self._unsettled = False

    def catch_up(self) -> int:
        """Apply the lines of the journal that the database lacks, in the order of their times.

        After a kill that is the line whose commit did not come; in an empty database, all. Returns
        how many could not be applied; the log says why.
        """
        with self._turn, in_words(), self._writer.begin() as connection:
            query = select(Journal.id, Journal.read_bytes)
            known = {name: size for name, size in connection.execute(query)}
            missing = [
                entry
                for name, size in journal.sizes(self.folder).items()
                if size > known.get(name, 0)
                for entry in journal.tail(self.folder, name, known.get(name, 0))
            ]
            in_time = sorted(missing, key=lambda entry: entry.line[:AT])
            failed = sum(not apply(connection, entry.line) for entry in in_time)
            for name, end in {entry.file: entry.end for entry in missing}.items():
                connection.execute(_HAS, {"id": name, "at": now(), "size": end})
        return failed

    def counts(self) -> dict[str, int]:
        """Return how many rows each table has, by its name."""
        with in_words(), self._reader.begin() as connection:
            return {
                table.name: connection.scalar(select(func.count()).select_from(table)) or 0
                for table in TABLES
            }

    def sounds(self) -> Sounds:
        """Return the sounds of the studies: in `data_dir`, and in PostgreSQL where that is used."""
        shelf = None
        if self.url.drivername != "sqlite":
            shelf = Shelf(self._free)
        return Sounds(self.data_dir / "sounds", shelf)

    def where(self) -> places.Whereabouts:
        """Say where votes live, and whether they survive a restart."""
        in_space = bool(os.environ.get("SPACE_ID"))
        if self.url.drivername == "sqlite":
            return places.file_whereabouts(_file(self.url), _mounts(), in_space=in_space)
        place = f"{self.url.host or 'localhost'}/{self.url.database}"
        return places.server_whereabouts(place)

    def close(self) -> None:
        """Let the files go. A write that is under way is waited for."""
        with self._turn:
            self._journal.close()
            self._free.dispose()  # and with it the pool of all three


def _file(url: URL) -> Path:
    return Path(url.database or "").absolute()


def _mounts() -> str:
    return places.MOUNTS.read_text(encoding="utf-8") if places.MOUNTS.is_file() else ""
