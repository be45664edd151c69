"""What a study has gathered, as files."""

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest
import soundfile

from emostudio.storage.database import Database
from emostudio.storage.sounds import Sounds
from emostudio.storage.tables import Exclusion
from emostudio.studies import export, taking
from emostudio.studies.gathering import excluded_of, judgments_of
from emostudio.studies.taking_answers import answer
from tests.studies.live import SYSTEMS, live, said, started


def _answered(db: Database, slug: str, value: float, **more: object) -> taking.Session:
    session = started(db, slug)
    for trial in session.state["trials"]:
        answer(db, slug, session.token, said(trial, value=value, **more))
    return session


def test_practice_and_corrected_answers_are_no_judgments(db: Database, sounds: Sounds) -> None:
    slug = live(db, sounds)
    session = _answered(db, slug, 2)
    main = next(trial for trial in session.state["trials"] if trial["block"] == "main")
    answer(db, slug, session.token, said(main, value=5))
    found = judgments_of(db, slug)
    assert sorted(one.value for one in found if one.value) == [2, 2, 5]
    assert {one.role for one in found} == {"test"}
    assert len({one.utterance for one in found}) == 3


def test_a_table_has_a_line_an_answer_and_no_line_of_who_withdrew(
    db: Database, sounds: Sounds, tmp_path: Path
) -> None:
    slug = live(db, sounds)
    kept, gone = _answered(db, slug, 4), _answered(db, slug, 1)
    taking.withdraw(db, slug, gone.code)
    export.write(db, sounds, slug, "csv", tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == len(kept.state["trials"])
    assert {row["value"] for row in rows} == {"4.0"}
    assert {row["system"] for row in rows} <= set(SYSTEMS)
    export.write(db, sounds, slug, "jsonl", tmp_path / "a.jsonl")
    lines = (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["response_uid"] for line in lines] == [
        row["response_uid"] for row in rows
    ]


def test_excluded_listeners_are_marked_and_not_averaged(
    db: Database, sounds: Sounds, tmp_path: Path
) -> None:
    from emostudio.storage import taken

    slug = live(db, sounds)
    _answered(db, slug, 5)
    _answered(db, slug, 1)
    with db.write() as session:
        bad = next(one.listener for one in judgments_of(db, slug) if one.value == 1)
        word = Exclusion(listener_id=bad, excluded=True, reason="asleep", actor="me")
        taken.add_exclusion(session, word)
    assert excluded_of(db, slug) == {bad}
    export.write(db, sounds, slug, "audiofolder", tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        lines = [json.loads(line) for line in archive.read("metadata.jsonl").splitlines()]
        assert {line["mean"] for line in lines if line["answers"]} == {5.0}
        for line in lines:
            wav, rate = soundfile.read(io.BytesIO(archive.read(line["file_name"])))
            assert len(wav) > 0.3 * rate
        assert json.loads(archive.read("protocol.json"))["kind"] == "mos"
        assert archive.read("README.md").startswith(b"---\n")


def test_a_note_can_not_run_in_a_spreadsheet(db: Database, sounds: Sounds, tmp_path: Path) -> None:
    slug = live(db, sounds, "label", trials=0)
    session = started(db, slug)
    trial = next(t for t in session.state["trials"] if t["block"] == "main")
    formula = '=HYPERLINK("http://x")'
    answer(db, slug, session.token, said(trial, emotion="sad", note=formula))
    export.write(db, sounds, slug, "csv", tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as lines:
        assert next(csv.DictReader(lines))["note"] == "'" + formula


def test_there_is_no_other_export(db: Database, sounds: Sounds, tmp_path: Path) -> None:
    slug = live(db, sounds)
    with pytest.raises(ValueError, match="csv, jsonl, audiofolder"):
        export.write(db, sounds, slug, "xls", tmp_path / "a.xls")
