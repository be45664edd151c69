"""Sounds kept in PostgreSQL: where that survives a restart, the disk beside the app may not."""

from __future__ import annotations

from sqlalchemy import Engine, select
from sqlalchemy.dialects.postgresql import insert

from emostudio.storage.errors import in_words
from emostudio.storage.tables import Sound


class Shelf:
    """The bytes of sounds by their SHA-256."""

    def __init__(self, engine: Engine) -> None:
        """Keep them over this engine's connections.

        Not the writer's: a sound may be added inside a write, and waits for nobody's turn.
        """
        self._engine = engine

    def put(self, sha256: str, data: bytes) -> None:
        """Keep a sound; one that is here already stays."""
        with in_words(), self._engine.begin() as connection:
            query = insert(Sound).values(sha256=sha256, data=data)
            connection.execute(query.on_conflict_do_nothing(index_elements=["sha256"]))

    def get(self, sha256: str) -> bytes | None:
        """Return a sound, if it is here."""
        with in_words(), self._engine.begin() as connection:
            return connection.scalar(select(Sound.data).where(Sound.sha256 == sha256))

    def __contains__(self, sha256: str) -> bool:
        """Whether a sound is here."""
        with in_words(), self._engine.begin() as connection:
            query = select(Sound.id).where(Sound.sha256 == sha256)
            return connection.scalar(query) is not None

    def names(self) -> set[str]:
        """Return the SHA-256 of every sound."""
        with in_words(), self._engine.begin() as connection:
            return set(connection.scalars(select(Sound.sha256)))
