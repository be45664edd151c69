"""Corpora are there as a whole or not at all, and who said what of them stays known."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from emostudio.data.begun import STALE_S
from emostudio.data.corpora import read_corpus
from emostudio.jobs.corpora import Corpora
from emostudio.jobs.tuning import Tuning
from emostudio.storage import authored, tuned
from emostudio.storage.database import Database
from emostudio.storage.tuned_tables import Job
from tests.data.test_taking_over import sound, zipped

AGREED = {"consent": "Anna has agreed.", "actor": "ada"}


@pytest.fixture
def corpora(db: Database, root: Path) -> Corpora:
    return Corpora(db, root)


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    folder = tmp_path / "clips"
    for number in range(4):
        sound(folder / ("happy", "sad")[number % 2] / f"{number}.wav", number, seconds=0.6)
    return folder


def files(corpora: Corpora) -> list[str]:
    return sorted(path.name for path in corpora.root.iterdir()) if corpora.root.is_dir() else []


def actions(db: Database) -> list[str]:
    with db.read() as session:
        return [entry.action for entry in authored.audits_of(session)]


def test_a_corpus_that_was_added_is_found_by_name_and_id(
    corpora: Corpora, clips: Path, tmp_path: Path
) -> None:
    one = corpora.add("anna-1", "folder", clips, lang="de", speaker="Anna", **AGREED)
    other = corpora.add("anna-2", "upload", zipped(clips, tmp_path / "more.zip"), **AGREED)
    assert [row.name for row in corpora.all()] == ["anna-2", "anna-1"]
    assert corpora.get("anna-1").id == corpora.get(one.id).id == one.id
    assert (one.origin, other.origin) == (str(clips), "more.zip")
    assert corpora.report("anna-1").clips == 4
    utterances = read_corpus(corpora.folder(one.id))
    assert {(u.speaker, u.lang) for u in utterances} == {("anna", "de")}
    assert {u.speaker for u in read_corpus(corpora.folder(other.id))} == {"anna-2"}
    assert files(corpora) == sorted([one.id, other.id])


def test_consent_is_kept_with_who_gave_it_and_asked_before_anything_is_read(
    db: Database, corpora: Corpora, clips: Path
) -> None:
    with pytest.raises(ValueError, match="must have agreed"):
        corpora.add("anna", "folder", clips, consent="  ", actor="ada")
    assert files(corpora) == []
    row = corpora.add("anna", "folder", clips, **AGREED)
    assert (row.consent, row.actor) == ("Anna has agreed.", "ada")
    with db.read() as session:
        (entry,) = authored.audits_of(session, row.id)
    assert (entry.actor, entry.action) == ("ada", "add corpus")
    assert entry.payload is not None and entry.payload["consent"] == "Anna has agreed."


@pytest.mark.parametrize(
    ("name", "source", "words"),
    [
        ("Anna Müller", "folder", "small letters, digits and hyphens"),
        ("", "folder", "small letters, digits and hyphens"),
        ("anna", "somewhere", "no source 'somewhere'; choose upload, folder"),
        ("anna", "manifest", "There is no folder, zip or table"),
    ],
)
def test_what_can_not_be_added_leaves_nothing(
    db: Database, corpora: Corpora, tmp_path: Path, name: str, source: str, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        corpora.add(name, source, tmp_path / "nothing.csv", **AGREED)
    assert corpora.all() == [] and files(corpora) == [] and actions(db) == []


def test_a_name_is_used_once_for_ever(corpora: Corpora, clips: Path) -> None:
    corpora.add("anna", "folder", clips, **AGREED)
    with pytest.raises(ValueError, match="There is a corpus 'anna' already"):
        corpora.add("anna", "folder", clips, **AGREED)
    corpora.remove("anna", "ada")
    with pytest.raises(ValueError, match="There was a corpus 'anna' already"):
        corpora.add("anna", "folder", clips, **AGREED)


def test_where_nothing_can_be_tuned_it_is_kept_and_says_so(corpora: Corpora, clips: Path) -> None:
    corpora.add("few", "folder", clips, **AGREED)
    assert not corpora.report("few").useful


def test_who_stops_in_the_middle_leaves_nothing(corpora: Corpora, clips: Path) -> None:
    def stop(share: float, message: str) -> None:
        if share:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        corpora.add("anna", "folder", clips, progress=stop, **AGREED)
    assert files(corpora) == [] and corpora.all() == []
    corpora.add("anna", "folder", clips, **AGREED)


def test_what_a_killed_process_left_is_no_corpus_and_goes_after_a_day(
    clips: Path, tmp_path: Path
) -> None:
    script = f"""
import os
from pathlib import Path
from emostudio.jobs.corpora import Corpora
from emostudio.storage.database import Database
db = Database.open("", Path({str(tmp_path)!r}))
kill = lambda share, message: share > 0.5 and os.kill(os.getpid(), 9)
Corpora(db, Path({str(tmp_path)!r})).add(
    "anna", "folder", {str(clips)!r}, consent="Yes.", actor="ada", progress=kill
)
"""
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert done.returncode == -9
    db = Database.open("", tmp_path)
    corpora = Corpora(db, tmp_path)
    (left,) = files(corpora)
    assert corpora.all() == []
    row = corpora.add("anna", "folder", clips, **AGREED)
    assert left in files(corpora)  # somebody may be at it
    os.utime(corpora.root / left, (0, time.time() - STALE_S - 1))
    os.utime(corpora.folder(row.id), (0, 0))
    corpora.sweep()
    assert files(corpora) == [row.id]
    db.close()


def test_a_removed_corpus_is_gone_but_known(db: Database, corpora: Corpora, clips: Path) -> None:
    row = corpora.add("anna", "folder", clips, **AGREED)
    corpora.remove("anna", "ben")
    assert files(corpora) == [] and corpora.all() == []
    assert actions(db) == ["remove corpus", "add corpus"]
    with db.read() as session:
        known = tuned.corpus_by_id(session, row.id)
    assert known is not None and known.removed_at is not None and known.report["clips"] == 4
    with pytest.raises(ValueError, match="no corpus 'anna'; add one first"):
        corpora.get("anna")
    with pytest.raises(ValueError, match="files of this corpus are gone"):
        corpora.folder(row.id)


def test_recordings_stay_where_the_database_is_another_one(
    db: Database, corpora: Corpora, clips: Path, root: Path, tmp_path: Path
) -> None:
    """As if an old backup had been restored, or DATABASE_URL had been set since."""
    row = corpora.add("anna", "folder", clips, **AGREED)
    os.utime(corpora.folder(row.id), (0, 0))
    other = Database.open("", tmp_path / "other")
    Corpora(other, root).add("ben", "folder", clips, **AGREED)
    other.close()
    assert corpora.report("anna").clips == len(read_corpus(corpora.folder(row.id)))


def test_what_was_removed_goes_even_if_its_removal_broke_off(
    db: Database, corpora: Corpora, clips: Path
) -> None:
    row = corpora.add("anna", "folder", clips, **AGREED)
    with db.write() as session:
        known = tuned.corpus_by_id(session, row.id)
        assert known is not None
        tuned.remove_corpus(session, known)  # and killed here
    corpora.sweep()
    assert files(corpora) == []


def test_a_corpus_that_a_job_needs_stays(db: Database, corpora: Corpora, clips: Path) -> None:
    row = corpora.add("anna", "folder", clips, **AGREED)
    tuning = Tuning("ser", row.id, "smug")
    with db.write() as session:
        job = Job(corpus_id=row.id, tuning=tuning.to_json(), backend="local", actor="ada")
        tuned.add_job(session, job)
    with pytest.raises(ValueError, match="A job needs the corpus 'anna'"):
        corpora.remove("anna", "ada")
    assert corpora.folder(row.id).is_dir()


def test_a_corpus_that_is_not_there_is_told_with_those_that_are(
    corpora: Corpora, clips: Path
) -> None:
    corpora.add("anna", "folder", clips, **AGREED)
    with pytest.raises(ValueError, match="no corpus 'ben'; choose anna"):
        corpora.get("ben")


def test_a_dataset_that_can_not_be_reached_leaves_nothing(corpora: Corpora) -> None:
    with pytest.raises(ValueError, match="can't be downloaded now"):
        corpora.add("theirs", "hub", "some/clips", **AGREED)
    assert corpora.all() == [] and files(corpora) == []


def test_labels_of_listeners_become_a_corpus(corpora: Corpora, clips: Path) -> None:
    """What `studies.labels.manifest` writes is taken as it is, its split too."""
    folder = clips.parent / "our-labels"
    rows = ["file,speaker,sex,lang,emotion,intensity,split,text,shares"]
    for number in range(4):
        sound(folder / f"clip{number}.wav", number, seconds=0.6)
        split = "dev" if number == 2 else "train"
        rows.append(f'clip{number}.wav,unknown,,en,smug,strong,{split},,"{{""smug"": 1.0}}"')
    (folder / "metadata.csv").write_text("\n".join(rows))
    row = corpora.add("ours", "labels", folder, **AGREED)
    assert row.origin == "our-labels"
    utterances = read_corpus(corpora.folder(row.id))
    assert [u.split for u in utterances] == ["train", "train", "dev", "train"]
    assert {(u.emotion, u.intensity) for u in utterances} == {("smug", "strong")}
