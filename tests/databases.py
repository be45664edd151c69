"""Databases for tests: SQLite always, and PostgreSQL where EMOSTUDIO_TEST_DATABASE_URL names one.

A conftest.py that imports the fixtures below runs its tests on both.
"""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from emostudio.storage import authored, taken
from emostudio.storage.database import Database
from emostudio.storage.ids import new_id
from emostudio.storage.tables import (
    Listener,
    Response,
    Stimulus,
    Study,
    Trial,
    Utterance,
    now,
)

SERVER = "EMOSTUDIO_TEST_DATABASE_URL"


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """Makes an empty database and returns its URL; "" is SQLite in the folder given to `open`."""
    if request.param == "sqlite":
        yield lambda: ""
        return
    server = os.environ.get(SERVER)
    if not server:
        pytest.skip(f"no PostgreSQL: set {SERVER}, as .ci/run does")
    schemas: list[str] = []

    def make() -> str:
        schemas.append(f"test_{new_id().lower()}")
        connection.execute(f"CREATE SCHEMA {schemas[-1]}".encode())
        return f"{server}?options=-csearch_path%3D{schemas[-1]}"

    with psycopg.connect(server, autocommit=True) as connection:
        yield make
        for schema in schemas:
            connection.execute(f"DROP SCHEMA {schema} CASCADE".encode())


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    """The URL of an empty database of its own for one test."""
    return new_database()


@pytest.fixture
def db(database_url: str, tmp_path: Path) -> Iterator[Database]:
    """A database in the test's folder."""
    database = Database.open(database_url, tmp_path)
    yield database
    database.close()


class Pilot(NamedTuple):
    """The ids of a study with one clip, and of a listener who is in it."""

    study: str
    stimulus: str
    listener: str
    trials: list[str]


def pilot(db: Database, *, kind: str = "mos", n_trials: int = 3) -> Pilot:
    """Put a small study there, and a listener who has answered nothing yet."""
    with db.write() as session:
        study = authored.add_study(
            session,
            Study(
                slug=f"pilot-{new_id()[-6:].lower()}",
                kind=kind,
                protocol={"kind": kind},
                protocol_hash="0" * 64,
                completion_code="C0DE",
            ),
        )
        system = authored.add_system(session, study.id, "emomix")
        utterance = authored.add_utterance(session, Utterance(study_id=study.id, name="one"))
        clip = Stimulus(
            system_id=system.id,
            utterance_id=utterance.id,
            token=new_id(),
            sha256="a" * 64,
            served_sha256="b" * 64,
            duration_s=2.0,
            sample_rate=16_000,
            emotion="happy",
            intensity=0.7,
        )
        authored.add_stimulus(session, study, clip)
        authored.set_state(session, study, "live")
        listener = listening(study.id)
        taken.add_listener(session, listener)
        assignment = taken.lend_row(session, listener, 0, now() + timedelta(minutes=45))
        trials = taken.add_trials(
            session,
            (
                Trial(assignment_id=assignment.id, position=place, stimulus_id=clip.id)
                for place in range(n_trials)
            ),
        )
    return Pilot(study.id, clip.id, listener.id, [trial.id for trial in trials])


def listening(study_id: str) -> Listener:
    """Return a listener who is not in the database yet."""
    return Listener(
        study_id=study_id, token_hash=new_id(), code_hash=new_id(), consent_hash="c" * 64
    )


def answer(there: Pilot, uid: str, trial: int = 0, **fields: object) -> Response:
    """Return an answer that is not in the database yet: a grade of 4."""
    given: dict[str, object] = {"kind": "mos", "value": 4.0, **fields}
    return Response(
        response_uid=uid, listener_id=there.listener, trial_id=there.trials[trial], **given
    )


def rows(db: Database) -> dict[str, list[dict[str, object]]]:
    """Return all that a database holds, by table, so that two can be compared."""
    from sqlalchemy import select

    from emostudio.storage.rows import TABLES

    with db.read() as session:
        return {
            table.name: [
                row._asdict() for row in session.execute(select(table).order_by(table.columns.id))
            ]
            for table in TABLES
        }
