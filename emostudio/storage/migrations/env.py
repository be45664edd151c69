"""What Alembic runs to find its connection and the tables."""

from __future__ import annotations

from alembic import context

from emostudio.storage import tuned_tables as tuned_tables  # its tables are among those of Base
from emostudio.storage.tables import Base


def _run() -> None:
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=Base.metadata,
        transactional_ddl=True,  # on SQLite too: our connections begin by themselves
    )
    with context.begin_transaction():
        context.run_migrations()


if __name__ == "env_py":  # so Alembic names it; whoever else imports this runs nothing
    _run()
