"""No acknowledged answer is lost, whatever stops between which two steps."""

import json
import os
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from emostudio.storage import authored, taken
from emostudio.storage.backup import rebuild
from emostudio.storage.database import Database, DatabaseDownError
from emostudio.storage.journal import JournalFile, sizes, tail
from tests.databases import Pilot, answer, pilot, rows

ROOT = Path(__file__).parents[2]
ROUNDS = 200


def _answer(db: Database, there: Pilot, uid: str, trial: int) -> None:
    with db.write() as session:
        taken.add_response(session, answer(there, uid, trial))


def _uids(db: Database) -> set[object]:
    return {row["response_uid"] for row in rows(db)["response"]}


def _from_journal(db: Database, folder: Path, url: str) -> dict[str, list[dict[str, object]]]:
    """What a database of this URL holds that knows nothing but the journal."""
    shutil.copytree(db.folder, folder / "journal")
    anew = Database.open(url, folder)
    try:
        return rows(anew)
    finally:
        anew.close()


@pytest.mark.slow
def test_no_acknowledged_answer_is_lost_by_a_kill_between_any_two_lines(
    new_database: Callable[[], str], tmp_path: Path
) -> None:
    url = new_database()
    done = subprocess.run(
        [sys.executable, "-m", "tests.storage.killed", url, str(tmp_path), str(ROUNDS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    acknowledged = set(done.stdout.split())
    assert len(acknowledged) > ROUNDS / 2
    db = Database.open(url, tmp_path)
    try:
        assert acknowledged <= _uids(db)
        assert _from_journal(db, tmp_path / "anew", new_database()) == rows(db)
    finally:
        db.close()


def test_a_line_whose_commit_did_not_come_is_applied_at_the_next_start(
    db: Database, new_database: Callable[[], str], tmp_path: Path
) -> None:
    there = pilot(db)
    _answer(db, there, "first", 0)
    unknown, known = there._replace(trials=there.trials[1:]), rows(db)
    elsewhere = Database.open(new_database(), tmp_path / "elsewhere")
    shutil.copytree(db.folder, elsewhere.folder)
    elsewhere.catch_up()
    _answer(elsewhere, unknown, "second", 0)  # a journal that `db` has not seen
    elsewhere.close()
    (line,) = (
        entry.line
        for name in set(sizes(elsewhere.folder)) - set(sizes(db.folder))
        for entry in tail(elsewhere.folder, name, 0)
    )
    dead = JournalFile(db.folder)
    dead.append(line)
    dead.close()
    assert rows(db) == known
    for _ in range(2):  # and once is enough
        again = Database.open(db.url.render_as_string(hide_password=False), tmp_path)
        assert _uids(again) == {"first", "second"}
        again.close()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 1.0])
def test_a_torn_last_line_is_ignored_and_never_appended_to(
    db: Database, tmp_path: Path, share: float
) -> None:
    there = pilot(db)
    _answer(db, there, "first", 0)
    before = rows(db)
    (path,) = db.folder.iterdir()
    line = path.read_bytes().splitlines(keepends=True)[-1].replace(b"first", b"other")
    torn = path.with_stem("0" * 26)
    torn.write_bytes(line[: round(share * (len(line) - 1))])
    left = torn.read_bytes()
    again = Database.open(db.url.render_as_string(hide_password=False), tmp_path)
    try:
        assert rows(again) == before
        _answer(again, there, "second", 1)
        assert _uids(again) == {"first", "second"}
    finally:
        again.close()
    assert torn.read_bytes() == left


def test_an_answer_whose_commit_failed_is_in_neither(
    db: Database, new_database: Callable[[], str], tmp_path: Path
) -> None:
    there = pilot(db)
    before = rows(db)

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fail(connection: Connection) -> None:  # the journal has its line by now
        if db.url.drivername == "sqlite":
            resource.setrlimit(resource.RLIMIT_FSIZE, (1, limits[1]))
            return
        mine = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        with db._reader.connect() as other:
            other.exec_driver_sql(f"SELECT pg_terminate_backend({mine}, 5000)")

    event.listen(db._writer, "commit", fail)
    try:
        with pytest.raises(DatabaseDownError):
            _answer(db, there, "lost", 0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        event.remove(db._writer, "commit", fail)
    assert rows(db) == before
    _answer(db, there, "sent again", 0)
    assert _from_journal(db, tmp_path / "anew", new_database()) == rows(db)


def test_a_journal_that_can_only_be_written_in_part_takes_it_back(
    db: Database, new_database: Callable[[], str], tmp_path: Path
) -> None:
    there = pilot(db)
    (path,) = db.folder.iterdir()
    before, whole = rows(db), path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 20, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            _answer(db, there, "lost", 0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (rows(db), path.read_bytes()) == (before, whole)
    _answer(db, there, "sent again", 0)
    assert _from_journal(db, tmp_path / "anew", new_database()) == rows(db)


def test_the_database_can_be_made_anew_from_the_journal_alone(
    db: Database, new_database: Callable[[], str], tmp_path: Path
) -> None:
    there = pilot(db)
    _answer(db, there, "first", 0)
    with db.write() as session:
        mine = taken.assignment_of(session, there.listener)
        assert mine is not None
        taken.finish(session, mine)
        listener = taken.listeners_of(session, there.study)[0]
        taken.withdraw(session, listener)
        (system,) = authored.systems_of(session, there.study)
        session.delete(authored.add_system(session, there.study, "a system that nobody needs"))
        renamed = authored.add_system(session, there.study, "for a moment")
        renamed.name = "for long"
        system.kind = "human"
    assert _from_journal(db, tmp_path / "anew", new_database()) == rows(db)


def test_rebuilding_sets_the_old_file_aside(tmp_path: Path) -> None:
    db = Database.open("", tmp_path)
    there = pilot(db)
    _answer(db, there, "first", 0)
    before = rows(db)
    db.close()
    (tmp_path / "emostudio.db").write_bytes(b"this was a database once")
    with pytest.raises(DatabaseDownError, match="storage rebuild"):
        Database.open("", tmp_path)
    again = rebuild("", tmp_path)
    assert rows(again) == before
    again.close()
    assert any(
        path.read_bytes().startswith(b"this was") for path in tmp_path.glob("emostudio.db.*")
    )


def test_a_damaged_line_keeps_nobody_from_the_others(
    db: Database, new_database: Callable[[], str], tmp_path: Path
) -> None:
    there = pilot(db)
    _answer(db, there, "first", 0)
    (path,) = db.folder.iterdir()
    damaged = JournalFile(db.folder)
    damaged.append(b'{"at":"2026-01-01T00:00:00.000000+00:00","rows":[{"table":"nowhere"}]}\n')
    damaged.close()
    assert _from_journal(db, tmp_path / "anew", new_database()) == rows(db)
    assert all(json.loads(line) for line in path.read_bytes().splitlines())


def test_many_who_write_and_read_at_once_get_along(db: Database) -> None:
    there = pilot(db, n_trials=40)
    errors: list[BaseException] = []

    def listen(first: int) -> None:
        try:
            for trial in range(first, 40, 8):
                _answer(db, there, str(trial), trial)
                with db.read() as session:
                    taken.responses_of(session, there.listener)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=listen, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert _uids(db) == {str(trial) for trial in range(40)}


def test_a_reader_sees_one_moment(db: Database) -> None:
    there = pilot(db)
    with db.read() as session:
        assert taken.responses_of(session, there.listener) == []
        writer = threading.Thread(target=_answer, args=(db, there, "meanwhile", 0))
        writer.start()
        writer.join()
        assert taken.responses_of(session, there.listener) == []
    with db.read() as session:
        assert len(taken.responses_of(session, there.listener)) == 1


def test_processes_that_start_at_once_find_the_same_tables(
    database_url: str, tmp_path: Path
) -> None:
    code = (
        "import sys; from pathlib import Path; from emostudio.storage.database import Database; "
        "Database.open(sys.argv[1], Path(sys.argv[2])).close()"
    )
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", code, database_url, str(tmp_path)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    assert [start.communicate()[1] for start in starts] == ["", "", ""]
