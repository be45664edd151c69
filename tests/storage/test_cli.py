"""The command of the answers' keeper."""

import argparse
from pathlib import Path

import pytest

from emostudio.cli import storage
from emostudio.storage.database import Database
from tests.databases import answer, pilot, rows


@pytest.fixture
def place(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place with one answer in it, told to the command by the environment."""
    monkeypatch.setenv("EMOSTUDIO_DATA_DIR", str(tmp_path / "here"))
    monkeypatch.setenv("DATABASE_URL", database_url)
    db = Database.open(database_url, tmp_path / "here")
    there = pilot(db)
    with db.write() as session:
        session.add(answer(there, "first"))
    db.close()
    return tmp_path / "here"


def _run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    storage.add(parser.add_subparsers(required=True))
    args = parser.parse_args(["storage", *words])
    return args.run(args, None)


def test_status_says_where_votes_live_and_how_many(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run("status") == 0
    said = capsys.readouterr().out
    assert "restart" in said
    assert "response         1" in said


def test_a_backup_is_restored_elsewhere(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _run("backup", str(tmp_path / "b.zip")) == 0
    monkeypatch.setenv("EMOSTUDIO_DATA_DIR", str(tmp_path / "there"))
    monkeypatch.setenv("DATABASE_URL", "")
    assert _run("restore", str(tmp_path / "b.zip")) == 0
    there = Database.open("", tmp_path / "there")
    assert [row["response_uid"] for row in rows(there)["response"]] == ["first"]
    there.close()


def test_a_backup_replaces_no_file(place: Path, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(b"precious")
    with pytest.raises(ValueError, match="is there already"):
        _run("backup", str(tmp_path / "b.zip"))
    assert (tmp_path / "b.zip").read_bytes() == b"precious"


def test_a_lost_database_is_rebuilt(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    assert _run("rebuild") == 0
    there = Database.open("", place)
    assert [row["response_uid"] for row in rows(there)["response"]] == ["first"]
    there.close()


def test_a_server_is_not_rebuilt_over(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://ann@127.0.0.1:1/name")
    with pytest.raises(ValueError, match="name an empty database"):
        _run("rebuild")
