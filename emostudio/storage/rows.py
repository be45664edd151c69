"""Rows as JSON and back, and how a line of the journal is applied."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, exc, select

from emostudio.storage import tuned_tables as tuned_tables  # its tables are among those of Base
from emostudio.storage.tables import Base, Journal, Sound, Utc

log = logging.getLogger(__name__)
# Of these the journal keeps book, parents before the rows that name them.
TABLES = [
    table
    for table in Base.metadata.sorted_tables
    if table.name not in (Journal.__tablename__, Sound.__tablename__)
]
ORDER = {table.name: place for place, table in enumerate(TABLES)}


def to_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a row, by column, as a JSON object; times as ISO 8601."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def from_json(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a row as the database takes them; columns that are gone are left out."""
    return {
        name: datetime.fromisoformat(value)
        if value is not None and isinstance(table.columns[name].type, Utc)
        else value
        for name, value in row.items()
        if name in table.columns
    }


def apply(connection: Connection, line: bytes) -> bool:
    """Do again what a line of the journal says, wholly or not at all; rows that are here stay.

    Returns False for a line that can't be applied, and logs it: one damaged line must keep nobody
    from the others.
    """
    try:
        changes = json.loads(line)["rows"]
        with connection.begin_nested():
            for change in changes:
                _apply(connection, change["op"], Base.metadata.tables[change["table"]], change)
    except (ValueError, KeyError, TypeError, exc.DBAPIError) as error:
        log.error("A line of the journal can't be applied: %s (%.200r)", error, line)
        return False
    return True


def _apply(connection: Connection, op: str, table: Table, change: dict[str, Any]) -> None:
    values = from_json(table, change["row"])
    here = table.columns.id == values["id"]
    if op == "insert":
        if "response_uid" in values:
            here = here | (table.columns.response_uid == values["response_uid"])
        if connection.execute(select(table.columns.id).where(here)).first() is None:
            connection.execute(table.insert().values(values))
    elif op == "update":
        connection.execute(table.update().where(here).values(values))
    elif op == "delete":
        connection.execute(table.delete().where(here))
    else:
        raise ValueError(f"'{op}' is nothing that a journal does.")
