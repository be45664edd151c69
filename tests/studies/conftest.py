"""Every test of studies runs on SQLite and, where there is one, on PostgreSQL."""

from pathlib import Path

import pytest

from emostudio.storage.sounds import Sounds
from tests.databases import database_url, db, new_database

__all__ = ["database_url", "db", "new_database"]


@pytest.fixture
def sounds(tmp_path: Path) -> Sounds:
    """A folder of sounds of its own."""
    return Sounds(tmp_path / "sounds")
