"""The revisions make the tables that the code knows, and nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from emostudio.storage.connections import engines, url_of
from emostudio.storage.database import Database
from emostudio.storage.tables import Base
from tests.databases import answer, pilot, rows


def _rules(connection: Connection) -> dict[str, set[tuple[str | None, str]]]:
    """CHECK constraints by table: what Alembic does not compare."""
    look = inspect(connection)
    return {
        table: {(rule["name"], rule["sqltext"]) for rule in look.get_check_constraints(table)}
        for table in Base.metadata.tables
    }


def test_all_revisions_together_make_the_tables_of_the_code(
    db: Database, new_database: Callable[[], str], tmp_path: Path
) -> None:
    (tmp_path / "by hand").mkdir()
    _, writer, _ = engines(url_of(new_database(), tmp_path / "by hand"))
    with writer.begin() as connection:
        Base.metadata.create_all(connection)
        wanted = _rules(connection)
    writer.dispose()
    with db._reader.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
        assert _rules(connection) == wanted


def test_opening_again_changes_nothing(db: Database, tmp_path: Path) -> None:
    there = pilot(db)
    with db.write() as session:
        session.add(answer(there, "first"))
    before = rows(db)
    again = Database.open(db.url.render_as_string(hide_password=False), tmp_path)
    assert rows(again) == before
    again.close()


def test_a_database_of_a_newer_version_is_left_alone(db: Database, tmp_path: Path) -> None:
    with db._writer.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ValueError, match="newer EmoStudio"):
        Database.open(db.url.render_as_string(hide_password=False), tmp_path)
