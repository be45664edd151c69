"""Bring the tables of a database up to date: Alembic, without a file of settings of its own.

A new revision is a file in `versions`, written by hand and named for its number; a test finds what
it forgets, by comparing the tables that all revisions make with those of `tables`.
"""

from __future__ import annotations

import threading
from pathlib import Path

from sqlalchemy import Connection

_TURN = threading.Lock()  # Alembic keeps what it is at in its modules


def upgrade(connection: Connection) -> None:
    """Bring the tables up to date, inside the transaction of this connection.

    Raises:
        ValueError: a newer EmoStudio has written this database.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        with _TURN:
            command.upgrade(config, "head")
    except CommandError as error:
        raise ValueError(
            f"A newer EmoStudio has written this database ({error}). Update this one."
        ) from error
