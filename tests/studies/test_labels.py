"""Labels become a corpus that training reads."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from emostudio.data.corpora import read_corpora
from emostudio.storage.database import Database
from emostudio.storage.sounds import Sounds
from emostudio.studies import taking
from emostudio.studies.labels import manifest
from emostudio.studies.taking_answers import answer
from emostudio.values import Clip
from tests.studies.live import live, said, started


def _label_all(db: Database, slug: str, emotion: str, **more: object) -> None:
    session = started(db, slug)
    state = taking.state(db, slug, session.token)
    waiting = list(state["trials"])
    done = set()
    while waiting:
        trial = waiting.pop(0)
        if trial["id"] in done:
            continue
        told = answer(db, slug, session.token, said(trial, emotion=emotion, **more))
        done.add(trial["id"])
        waiting += told.get("more", [])


def test_labels_make_a_corpus_that_pack_reads(db: Database, sounds: Sounds, tmp_path: Path) -> None:
    slug = live(db, sounds, "label", trials=0)
    _label_all(db, slug, "sad", intensity=0.8, valence=0.2)
    _label_all(db, slug, "sad", second_emotion="calm")
    _label_all(db, slug, "happy", intensity=0.7)
    made = manifest(db, sounds, slug, tmp_path)
    assert made.clips == 6 and not made.left_out
    found = read_corpora(tmp_path)
    assert len(found) == 6
    assert {u.emotion for u in found} == {"sad"}
    assert {u.intensity for u in found} == {"strong"}
    assert {u.split for u in found} <= {"train", "dev"}
    assert all(np.abs(Clip.load(u.path).wav).max() > 0.01 for u in found)
    with (made.folder / "metadata.csv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    shares = json.loads(rows[0]["shares"])
    assert shares["sad"] == pytest.approx((1 + 2 / 3) / 3, abs=1e-3)
    assert float(rows[0]["valence"]) == pytest.approx(0.2)
    assert rows[0]["listeners"] == "3"


def test_clips_on_which_listeners_are_level_teach_nothing(
    db: Database, sounds: Sounds, tmp_path: Path
) -> None:
    slug = live(db, sounds, "label", trials=0)
    with pytest.raises(ValueError, match="Ask more listeners"):
        manifest(db, sounds, slug, tmp_path)
    _label_all(db, slug, "sad")
    _label_all(db, slug, "happy")
    with pytest.raises(ValueError, match="most agree"):
        manifest(db, sounds, slug, tmp_path)


def test_who_withdraws_takes_the_labels_along(db: Database, sounds: Sounds, tmp_path: Path) -> None:
    slug = live(db, sounds, "label", trials=0)
    session = started(db, slug)
    trial = next(t for t in session.state["trials"] if t["block"] == "main")
    answer(db, slug, session.token, said(trial, emotion="sad"))
    assert manifest(db, sounds, slug, tmp_path / "before").clips == 1
    taking.withdraw(db, slug, session.code)
    with pytest.raises(ValueError, match="Ask more listeners"):
        manifest(db, sounds, slug, tmp_path / "after")
