from collections import Counter

import pytest

from emostudio.listening.protocol import Protocol
from emostudio.storage import authored, taken
from emostudio.storage.database import Database
from emostudio.storage.sounds import Sounds
from emostudio.studies import taking
from emostudio.studies.authoring import add_clips, create
from emostudio.studies.clips import NewClip
from emostudio.studies.freezing import freeze
from tests.studies.live import said, started
from tests.studies.sounding import burst

SURE, TORN = {"sad": 0.99, "angry": 0.01}, {"sad": 0.5, "angry": 0.5}
GUESSES = [SURE, TORN, SURE, TORN, SURE, SURE]


def queue(db: Database, sounds: Sounds, **changes: int) -> str:
    slug = create(db, Protocol(kind="label", title="Labels", **changes))
    clips = [
        NewClip(burst(200 + 20 * place), utterance=f"clip {place}", guess=guess)
        for place, guess in enumerate(GUESSES)
    ]
    assert not add_clips(db, sounds, slug, clips).refused
    freeze(db, sounds, slug)
    return slug


def guess_of(db: Database, trial: dict[str, list[str]]) -> object:
    with db.read() as session:
        clip = authored.stimulus_by_token(session, trial["sounds"][0])
        assert clip is not None
        return clip.guess


def label_all(db: Database, slug: str, me: taking.Session) -> list[str]:
    """Label until nothing comes any more; return the sounds in their order."""
    trials = list(me.state["trials"])
    for trial in trials:
        trials += taking.answer(db, slug, me.token, said(trial, emotion="sad"))["more"]
    return [trial["sounds"][0] for trial in trials]


def test_what_the_recognizer_doubts_comes_first(db: Database, sounds: Sounds) -> None:
    slug = queue(db, sounds)
    trials = started(db, slug).state["trials"]
    assert [guess_of(db, trial) for trial in trials] == [TORN, TORN, SURE]


def test_each_clip_is_labelled_once_by_each_and_the_end_comes(db: Database, sounds: Sounds) -> None:
    slug = queue(db, sounds)
    me = started(db, slug)
    heard = label_all(db, slug, me)
    assert sorted(heard) == sorted(set(heard))
    assert len(heard) == len(GUESSES)
    assert taking.state(db, slug, me.token)["trials"] == []
    assert taking.finish(db, slug, me.token)


def test_clips_with_fewest_labels_come_first(db: Database, sounds: Sounds) -> None:
    slug = queue(db, sounds, trials=3)
    first = label_all(db, slug, started(db, slug))
    second = label_all(db, slug, started(db, slug))
    assert len(first) == len(second) == 3
    assert not set(first) & set(second)


def test_what_another_has_before_them_is_not_lent_too(db: Database, sounds: Sounds) -> None:
    slug = queue(db, sounds)
    first, second = (started(db, slug).state["trials"] for _ in range(2))
    assert not {one["sounds"][0] for one in first} & {one["sounds"][0] for one in second}


def test_no_clip_gets_more_labels_than_were_planned(db: Database, sounds: Sounds) -> None:
    slug = queue(db, sounds, listeners=2)
    counts = Counter(one for _ in range(2) for one in label_all(db, slug, started(db, slug)))
    assert set(counts.values()) == {2}


def test_nobody_starts_where_nothing_is_left_to_label(db: Database, sounds: Sounds) -> None:
    slug = queue(db, sounds, listeners=1)
    label_all(db, slug, started(db, slug))
    with pytest.raises(ValueError, match="Every clip has its labels"):
        started(db, slug)
    with db.read() as session:
        study = authored.study_by_slug(session, slug)
        assert study is not None
        assert len(taken.listeners_of(session, study.id)) == 1


def test_a_label_stands_for_its_guess_was_seen_after_it(db: Database, sounds: Sounds) -> None:
    slug = queue(db, sounds)
    me = started(db, slug)
    trial = me.state["trials"][0]
    told = taking.answer(db, slug, me.token, said(trial, emotion="sad"))
    assert told["suggested"] == TORN
    try:
        taking.answer(db, slug, me.token, said(trial, emotion="angry"))
    except ValueError as error:
        assert "first one stands" in str(error)
    else:
        raise AssertionError("a label was changed after the guess")
