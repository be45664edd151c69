"""Connections to SQLite and PostgreSQL that keep the same promises: one writer, still snapshots."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

BUSY_MS = 30_000
LOCK = 0x656D6F73  # PostgreSQL names its advisory locks by numbers; "emos"


class Engines(NamedTuple):
    """Three views of one pool of connections."""

    reader: Engine  # each transaction sees one moment, and changes nothing
    writer: Engine  # one transaction at a time, over all processes
    free: Engine  # for what is written out of turn


def url_of(given: str, data_dir: Path) -> URL:
    """Return the address of the database: `given`, or SQLite in the data folder.

    Raises:
        ValueError: it is none that can be used.
    """
    if not given:
        return URL.create("sqlite", database=str(data_dir.absolute() / "emostudio.db"))
    try:
        url = make_url(given)
    except ArgumentError:
        raise ValueError(
            "DATABASE_URL is no address; use postgresql://USER:PASSWORD@HOST/NAME."
        ) from None
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "postgresql+psycopg") or not url.database:
        raise ValueError(
            f"DATABASE_URL begins with {url.drivername} or names no database; "
            "use postgresql://USER:PASSWORD@HOST/NAME, or leave it empty for SQLite."
        )
    return url


def engines(url: URL) -> Engines:
    """Return the connections to a database; none is made yet."""
    if url.drivername == "sqlite":
        engine = create_engine(url, pool_size=16, max_overflow=32)
        event.listen(engine, "connect", _prepare_sqlite)
        reader, writer = engine.execution_options(), engine.execution_options()
        event.listen(reader, "begin", _begin_reading)
        event.listen(writer, "begin", _begin_writing)
    else:
        engine = create_engine(
            url,
            pool_size=8,
            max_overflow=24,
            pool_pre_ping=True,  # servers on the net close what is idle
            # A pooler in front may give each transaction to another server: prepare nothing.
            connect_args={"connect_timeout": 10, "prepare_threshold": None},
        )
        reader = engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        writer = engine.execution_options()
        event.listen(writer, "begin", _queue_up)
    return Engines(reader, writer, engine)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    if cursor.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        raise ValueError(
            "This disk can't hold an SQLite database that several threads use. "
            "Set EMOSTUDIO_DATA_DIR to a folder of a local disk."
        )
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA recursive_triggers = ON")  # INSERT OR REPLACE deletes: refuse it too
    cursor.close()


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA query_only = ON")
    connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA query_only = OFF")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _queue_up(connection: Connection) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
