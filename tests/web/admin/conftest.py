"""A studio whose administrators may sign in, and its app."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.conftest import launched
from tests.web.fake_studio import FakeStudio

TOKEN = "a long enough token"


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return a studio with records of its own."""
    environ = {
        "EMOSTUDIO_ADMIN_TOKEN": TOKEN,
        "EMOSTUDIO_DATA_DIR": str(tmp_path_factory.mktemp("data")),
    }
    made = FakeStudio(environ=environ)
    yield made
    made.listening.close()


@pytest.fixture(scope="module")
def house(studio: Any) -> Iterator[str]:
    """Return the address of its app."""
    from emostudio.web import build_app

    demo = build_app(studio)
    yield launched(demo, studio)
    demo.close(verbose=False)
