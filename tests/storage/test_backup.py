"""A backup taken at any moment is a whole one, and comes back as it was."""

import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from emostudio.storage import taken
from emostudio.storage.backup import backup, restore
from emostudio.storage.database import Database
from tests.databases import answer, pilot, rows


def test_a_backup_comes_back_as_it_was(
    db: Database, new_database: Callable[[], str], tmp_path: Path
) -> None:
    sounds = db.sounds()
    kept = sounds.add(b"a sound")
    there = pilot(db)
    with db.write() as session:
        session.add(answer(there, "first", note="naïve “quotes”\n\u2028 and 🙂"))
    held = backup(db, sounds, tmp_path / "b.zip")
    place = tmp_path / "elsewhere"
    elsewhere = Database.open(new_database(), place)
    assert restore(tmp_path / "b.zip", elsewhere, elsewhere.sounds()) == held
    assert rows(elsewhere) == rows(db)
    assert elsewhere.sounds().path(kept).read_bytes() == b"a sound"
    with elsewhere.write() as session:
        session.add(answer(there, "second", 1))
    after = rows(elsewhere)
    elsewhere.close()
    anew = Database.open(new_database(), _only_journal(place, tmp_path / "anew"))
    assert rows(anew) == after  # what was restored is in the journal, too
    anew.close()


def _only_journal(place: Path, target: Path) -> Path:
    target.mkdir()
    (place / "journal").rename(target / "journal")
    return target


def test_a_backup_while_people_answer_is_of_one_moment(
    db: Database, new_database: Callable[[], str], tmp_path: Path
) -> None:
    there = pilot(db, n_trials=60)
    halfway = threading.Event()

    def listen() -> None:
        for trial in range(60):
            with db.write() as session:
                taken.add_response(session, answer(there, f"{trial:02}", trial))
            if trial == 20:
                halfway.set()

    listener = threading.Thread(target=listen)
    listener.start()
    halfway.wait()
    backup(db, db.sounds(), tmp_path / "b.zip")
    listener.join()
    elsewhere = Database.open(new_database(), tmp_path / "elsewhere")
    restore(tmp_path / "b.zip", elsewhere, elsewhere.sounds())
    uids = sorted(str(row["response_uid"]) for row in rows(elsewhere)["response"])
    elsewhere.close()
    assert len(uids) > 20
    assert uids == [f"{trial:02}" for trial in range(len(uids))]


def test_nothing_is_restored_over_studies(db: Database, tmp_path: Path) -> None:
    pilot(db)
    before, sounds = rows(db), db.sounds()
    backup(db, sounds, tmp_path / "b.zip")
    with pytest.raises(ValueError, match="Restore into an empty place"):
        restore(tmp_path / "b.zip", db, sounds)
    assert rows(db) == before


@pytest.mark.parametrize("what", ["no zip", "another zip", "a changed sound", "torn"])
def test_what_is_no_backup_is_refused_and_leaves_no_row(
    db: Database, tmp_path: Path, what: str
) -> None:
    file, sounds = tmp_path / "b.zip", db.sounds()
    if what == "no zip":
        file.write_bytes(b"no zip")
    else:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            if what == "a changed sound":
                archive.writestr(f"sounds/{'a' * 64}", b"another")
                archive.writestr("rows.jsonl", b"")
            elif what == "torn":
                archive.writestr("rows.jsonl", bytes(range(256)) * 40)
            else:
                archive.writestr("readme.txt", b"")
    if what == "torn":
        whole = bytearray(file.read_bytes())
        whole[50:90] = b"\xff" * 40
        file.write_bytes(bytes(whole))
    with pytest.raises(ValueError, match=r"no backup|damaged"):
        restore(file, db, sounds)
    assert not any(db.counts().values())
    assert not list(tmp_path.glob("journal/*"))
