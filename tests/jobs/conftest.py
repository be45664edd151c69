"""The tests of the queue run on SQLite and, where there is one, on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import database_url, db, new_database
from tests.jobs.queues import end

__all__ = ["database_url", "db", "new_database"]


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """The folder of tuning; what still runs there afterwards is ended."""
    folder = tmp_path / "tuned"
    (folder / "jobs").mkdir(parents=True)
    yield folder
    for job in folder.glob("jobs/*"):
        end(job)
