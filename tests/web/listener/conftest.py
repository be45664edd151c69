from collections.abc import Iterator
from pathlib import Path

import pytest

from emostudio.storage.database import Database
from emostudio.storage.sounds import Sounds
from tests.web.listener.serving import Served


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """A database of its own."""
    database = Database.open("", tmp_path / "data")
    yield database
    database.close()


@pytest.fixture
def sounds(tmp_path: Path) -> Sounds:
    """A folder of sounds of its own."""
    return Sounds(tmp_path / "data" / "sounds")


@pytest.fixture
def served(db: Database, sounds: Sounds) -> Iterator[Served]:
    """The listening page on a port of its own."""
    server = Served(db, sounds)
    yield server
    server.stop()
