import json
from dataclasses import replace
from pathlib import Path

import pytest

from emostudio.listening.design import row
from emostudio.listening.protocol import Protocol
from emostudio.storage import authored
from emostudio.storage.database import Database
from emostudio.storage.sounds import Sounds
from emostudio.studies import authoring
from emostudio.studies.clips import NewClip
from emostudio.studies.grid import grid
from emostudio.studies.protocol_file import make_anew, protocol_file
from tests.studies.sounding import burst, clips

ASKED = Protocol("mos", "Pilot", listeners=9, trials=2, seed=3)


def made(db: Database, sounds: Sounds) -> str:
    slug = authoring.create(db, ASKED)
    extra = [
        NewClip(burst(90), name="g", role="gold", gold={"value": 5}),
        NewClip(burst(91), name="p", role="practice", mix={"happy": 0.5, "sad": 0.5}),
    ]
    assert authoring.add_clips(db, sounds, slug, [*clips(3, 4), *extra]).refused == {}
    return slug


def told(db: Database, slug: str) -> list[dict]:
    return [{**vars(clip), "id": ""} for clip in grid(db, slug).clips]


def test_a_study_is_made_anew_on_another_machine(
    db: Database, sounds: Sounds, tmp_path: Path
) -> None:
    slug = made(db, sounds)
    text = protocol_file(db, slug)
    files = []
    for number, clip in enumerate(grid(db, slug).clips):
        files.append(tmp_path / f"{number}.bin")
        files[-1].write_bytes(sounds.path(clip.sha256).read_bytes())
    other = Database.open("", tmp_path / "other")
    new = make_anew(other, Sounds(tmp_path / "other" / "sounds"), text, files)
    assert (new, told(other, new)) == (slug, told(db, slug))
    again, known = (json.loads(protocol_file(*of)) for of in ((other, new), (db, slug)))
    assert again == known
    other.close()


def test_the_same_rows_come_of_it(db: Database, sounds: Sounds) -> None:
    slug = made(db, sounds)
    new = make_anew(db, sounds, protocol_file(db, slug))
    assert new == f"{slug}-2"
    rows = []
    for one in (slug, new):
        table = grid(db, one)
        sha256 = {clip.id: clip.sha256 for clip in table.clips}
        rows.append(
            [
                replace(trial, stimulus=sha256[trial.stimulus])
                for number in range(5)
                for trial in row(ASKED, table.cells, table.extra, number)
            ]
        )
    assert rows[0] == rows[1]


def test_clips_that_are_missing_are_named_and_no_draft_is_made(
    db: Database, sounds: Sounds, tmp_path: Path
) -> None:
    text = protocol_file(db, made(db, sounds))
    other = Database.open("", tmp_path / "other")
    with pytest.raises(ValueError, match=r"14 of 14 clips are missing.*system0 utterance0"):
        make_anew(other, Sounds(tmp_path / "none"), text)
    with other.read() as session:
        assert authored.all_studies(session) == []
    other.close()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("no json", "no protocol of EmoStudio"),
        ("[]", "no protocol of EmoStudio"),
        ('{"protocol": {}}', "no protocol"),
        ('{"protocol": {"kind": "mos", "title": "t", "colour": 1}, "clips": []}', "'colour'"),
    ],
)
def test_what_is_no_protocol_is_refused_in_words(
    db: Database, sounds: Sounds, text: str, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        make_anew(db, sounds, text)
