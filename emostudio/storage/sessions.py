"""Sessions: one that only reads, and one that knows what it has changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, event, inspect
from sqlalchemy.orm import ORMExecuteState, Session

from emostudio.storage.rows import ORDER, to_json
from emostudio.storage.tables import Base


class Reading(Session):
    """A session that reads."""

    def __init__(self, engine: Engine) -> None:
        """Read over this engine's connections."""
        super().__init__(engine, autoflush=False)

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        """Refuse.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("This session reads: write inside `with db.write() as session`.")


class Writing(Session):
    """A session that gathers at each flush what was inserted, updated and deleted."""

    def __init__(self, engine: Engine) -> None:
        """Write over this engine's connections."""
        super().__init__(engine, expire_on_commit=False)
        self._changed: dict[tuple[str, str], tuple[str, Base]] = {}

    def changes(self) -> list[dict[str, Any]]:
        """Return it as the journal has it; each can be applied after those before it."""
        changes = [(name, op, row) for (name, _), (op, row) in self._changed.items()]
        kept = sorted((c for c in changes if c[1] != "delete"), key=lambda c: ORDER[c[0]])
        gone = sorted((c for c in changes if c[1] == "delete"), key=lambda c: -ORDER[c[0]])
        return [
            {"table": name, "op": op, "row": to_json(_values(row, op))}
            for name, op, row in (*kept, *gone)
        ]

    def note(self, op: str, row: Base) -> None:
        """Gather one change; what came and went again was nothing."""
        key = (row.__tablename__, row.id)
        before = self._changed.get(key, ("", row))[0]
        if before == "insert" and op == "delete":
            del self._changed[key]
        else:
            self._changed[key] = ("insert" if before == "insert" else op, row)


def _values(row: Base, op: str) -> dict[str, Any]:
    names = ["id"] if op == "delete" else [column.key for column in inspect(type(row)).columns]
    return {name: getattr(row, name) for name in names}


@event.listens_for(Writing, "after_flush")
def _gather(session: Writing, _context: object) -> None:
    for row in session.new:
        session.note("insert", row)
    for row in session.dirty:
        if session.is_modified(row):
            session.note("update", row)
    for row in session.deleted:
        session.note("delete", row)


@event.listens_for(Writing, "do_orm_execute")
def _refuse_bulk(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        raise RuntimeError("Change rows as objects of the session, so that the journal has them.")
