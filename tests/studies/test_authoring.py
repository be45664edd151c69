from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emostudio.listening.protocol import Protocol
from emostudio.soundfiles import decode
from emostudio.storage import authored
from emostudio.storage.database import Database
from emostudio.storage.sounds import Sounds
from emostudio.storage.tables import Study
from emostudio.studies import authoring
from emostudio.studies.checks import problems, warnings
from emostudio.studies.clips import NewClip
from emostudio.studies.freezing import freeze
from emostudio.studies.grid import grid
from emostudio.studies.sound import loudness
from tests.studies.sounding import burst, clips

MOS = Protocol("mos", "How natural?")


def study_of(db: Database, slug: str) -> Study:
    with db.read() as session:
        return authored.study_by_slug(session, slug)


def test_a_slug_is_made_of_the_title_and_numbered(db: Database) -> None:
    slugs = [authoring.create(db, Protocol("mos", "Wie natürlich?  2026")) for _ in range(3)]
    assert slugs == [f"wie-naturlich-2026{version}" for version in ("", "-2", "-3")]
    assert authoring.create(db, Protocol("mos", "如何")) == "study"
    assert len(authoring.create(db, Protocol("mos", "long " * 20))) <= 40
    with pytest.raises(ValueError, match="lower-case"):
        authoring.create(db, MOS, slug="a/b")


@pytest.mark.parametrize("title", ["", "  ", "long " * 30])
def test_a_title_is_neither_empty_nor_endless(title: str) -> None:
    with pytest.raises(ValueError, match="1 to 120 characters"):
        Protocol("mos", title)


def test_the_grid_shows_clips_holes_and_duplicates(db: Database, sounds: Sounds) -> None:
    slug = authoring.create(db, MOS)
    given = clips(2, 3)
    given[4] = replace(given[4], sound=given[3].sound)
    added = authoring.add_clips(db, sounds, slug, given[:5])
    table = grid(db, slug)
    assert len(added.ids) == 5 and added.refused == {}
    assert table.systems == ("system0", "system1")
    assert table.utterances == ("utterance0", "utterance1", "utterance2")
    assert table.holes == (("system1", "utterance2"),)
    assert [[clip.utterance for clip in same] for same in table.duplicates] == [
        ["utterance0", "utterance1"]
    ]
    assert table.sample_rates == {16_000: 5}
    assert table.tested[0].loudness_db < table.tested[3].loudness_db - 4
    assert any("1 of 6 cells" in sentence for sentence in warnings(db, slug))


def test_a_clip_that_cant_be_taken_keeps_none_of_the_others_out(
    db: Database, sounds: Sounds, tmp_path: Path
) -> None:
    slug = authoring.create(db, MOS)
    good, other = clips(1, 2)
    gone = NewClip(tmp_path / "gone.wav", system="a", utterance="u")
    added = authoring.add_clips(
        db, sounds, slug, [NewClip(b"no sound", name="text.wav"), good, gone, good, other]
    )
    assert len(added.ids) == 2
    assert set(added.refused) == {"text.wav", "gone.wav", "system0 utterance0"}
    assert "already" in added.refused["system0 utterance0"]
    assert len(grid(db, slug).clips) == 2


def test_a_clip_can_be_taken_out_of_a_draft_and_given_again(db: Database, sounds: Sounds) -> None:
    slug = authoring.create(db, MOS)
    authoring.add_clips(db, sounds, slug, clips(1, 2))
    first = grid(db, slug).clips[0]
    authoring.drop_clips(db, slug, [first.id, "unknown"])
    assert len(grid(db, slug).clips) == 1
    assert authoring.add_clips(db, sounds, slug, clips(1, 2)[:1]).refused == {}


def test_freezing_evens_systems_strips_tags_and_opens_the_study(
    db: Database, sounds: Sounds
) -> None:
    slug = authoring.create(db, MOS)
    authoring.add_clips(db, sounds, slug, clips(3, 2))
    before = {clip.id: clip for clip in grid(db, slug).clips}
    with db.read() as session:
        tokens = {row.token for row in authored.stimuli_of(session, study_of(db, slug).id)}
    study = freeze(db, sounds, slug, actor="me")
    assert study.state == "live" and study.frozen_at is not None
    with db.read() as session:
        rows = authored.stimuli_of(session, study.id)
        (entry, *_) = authored.audits_of(session, slug)
    levels = [loudness(*decode(sounds.path(row.served_sha256))) for row in rows]
    assert np.ptp(levels) < 0.5
    assert np.ptp([before[row.id].loudness_db for row in rows]) > 10
    assert not tokens & {row.token for row in rows}
    assert (entry.actor, entry.action, entry.payload) == (
        "me",
        "freeze",
        {"protocol_hash": MOS.hash},
    )


def test_a_frozen_study_stays_and_a_change_makes_a_new_draft(db: Database, sounds: Sounds) -> None:
    slug = authoring.create(db, MOS)
    authoring.add_clips(db, sounds, slug, clips())
    assert authoring.change(db, slug, replace(MOS, listeners=7)) == slug
    freeze(db, sounds, slug)
    with pytest.raises(ValueError, match="Copy it as a draft"):
        authoring.add_clips(db, sounds, slug, clips(3, 1))
    with pytest.raises(ValueError, match="Copy it as a draft"):
        freeze(db, sounds, slug)
    new = authoring.change(db, slug, replace(MOS, listeners=9))
    assert new == f"{slug}-2"
    assert study_of(db, slug).protocol["listeners"] == 7
    assert study_of(db, new).protocol["listeners"] == 9
    assert study_of(db, new).state == "draft"
    plain = [{**vars(clip), "id": "", "gain_db": 0} for clip in grid(db, slug).clips]
    assert plain == [{**vars(clip), "id": "", "gain_db": 0} for clip in grid(db, new).clips]
    assert authoring.copy_as_draft(db, new) == f"{slug}-3"


def test_a_closed_study_stays_closed(db: Database, sounds: Sounds) -> None:
    slug = authoring.create(db, MOS)
    authoring.add_clips(db, sounds, slug, clips())
    freeze(db, sounds, slug)
    authoring.close(db, slug)
    assert study_of(db, slug).state == "closed"
    with pytest.raises(ValueError, match="closed"):
        authoring.close(db, slug)


def test_a_study_that_is_not_there_is_named(db: Database) -> None:
    with pytest.raises(ValueError, match="no study 'gone'"):
        grid(db, "gone")


@pytest.mark.parametrize(
    ("kind", "given", "why"),
    [
        ("mos", [], "no clip to test"),
        ("mos", [NewClip(burst(), name="a", utterance="u")], "no system is given"),
        ("ab", clips(1, 2), "nothing can be compared"),
        ("smos", clips(1, 1), "no reference"),
        ("mos", [*clips(1, 1), NewClip(burst(1), role="gold")], "needs its right answer"),
        (
            "mos",
            [*clips(1, 1), NewClip(burst(1), role="trap", gold={"value": 6})],
            "grade from 1 to 5",
        ),
        (
            "mos",
            [*clips(1, 1), NewClip(burst(1), role="gold", gold={"emotion": "sad"})],
            "does not ask",
        ),
        (
            "ab",
            [*clips(2, 1), NewClip(burst(9), text="x", role="gold", gold={"value": 1})],
            "compared with itself",
        ),
        (
            "emotion_id",
            [*clips(1, 1), NewClip(burst(1), role="gold", gold={"emotion": "sleepy"})],
            "Choose from neutral",
        ),
    ],
)
def test_what_stands_in_the_way_is_said_and_refuses_the_freeze(
    db: Database, sounds: Sounds, kind: str, given: list[NewClip], why: str
) -> None:
    slug = authoring.create(db, Protocol(kind, "t"))
    authoring.add_clips(db, sounds, slug, given)
    assert any(why in sentence for sentence in problems(db, slug))
    with pytest.raises(ValueError, match=why):
        freeze(db, sounds, slug)


def test_what_an_author_should_know_is_said(db: Database, sounds: Sounds) -> None:
    slug = authoring.create(db, Protocol("emotion_id", "Zest against Mix", loudness="clip"))
    given = [replace(clip, emotion="alarm") for clip in clips(1, 2)]
    added = authoring.add_clips(db, sounds, slug, [replace(one, system="zest") for one in given])
    assert added.refused == {} and problems(db, slug) == []
    said = " ".join(warnings(db, slug))
    for part in ("anger is louder", "name 'zest'", "asked for alarm"):
        assert part in said


def test_a_plan_that_does_not_come_out_is_said(db: Database, sounds: Sounds) -> None:
    slug = authoring.create(db, Protocol("mos", "t", listeners=2, trials=30))
    authoring.add_clips(db, sounds, slug, clips(3, 2))
    said = " ".join(warnings(db, slug))
    for part in ("heard by nobody. Plan 3 listeners", "has 2 at most", "An interval needs 5"):
        assert part in said


def test_intensities_of_one_sentence_are_systems_where_they_are_compared(
    db: Database, sounds: Sounds
) -> None:
    given = [
        NewClip(burst(n), system="mix", text="Hello.", emotion="happy", intensity=level)
        for n, level in enumerate((0.3, 0.9))
    ]
    compared = authoring.create(db, Protocol("intensity_pair", "t"))
    authoring.add_clips(db, sounds, compared, given)
    assert grid(db, compared).systems == ("mix 0.3", "mix 0.9")
    assert len(grid(db, compared).utterances) == 1
    told = authoring.create(db, Protocol("intensity", "t"))
    authoring.add_clips(db, sounds, told, given)
    assert grid(db, told).systems == ("mix",)
    assert len(grid(db, told).utterances) == 2


def test_what_is_stronger_stays_louder(db: Database, sounds: Sounds) -> None:
    given = [
        NewClip(
            burst(seed, level_db=-30 + 10 * level - 3 * len(system)),
            system=system,
            text=f"Sentence {seed % 2}.",
            intensity=level,
        )
        for seed, (system, level) in enumerate(
            (system, level) for system in ("mix", "zest") for level in (0.3, 0.3, 0.9, 0.9)
        )
    ]
    slug = authoring.create(db, Protocol("intensity_pair", "t"))
    assert authoring.add_clips(db, sounds, slug, given).refused == {}
    assert grid(db, slug).systems == ("mix 0.3", "mix 0.9", "zest 0.3", "zest 0.9")
    assert not any("stronger is louder" in sentence for sentence in warnings(db, slug))
    freeze(db, sounds, slug)
    gain = {clip.system: clip.gain_db for clip in grid(db, slug).clips}
    assert gain["mix 0.3"] == gain["mix 0.9"] != gain["zest 0.3"] == gain["zest 0.9"]
    named = authoring.create(db, Protocol("intensity_pair", "t"))
    named_by = {0.3: "weak", 0.9: "strong"}
    by_hand = [replace(clip, system=named_by[clip.intensity or 0]) for clip in given[:4]]
    authoring.add_clips(db, sounds, named, [replace(c, utterance=c.text) for c in by_hand])
    assert any("stronger is louder" in sentence for sentence in warnings(db, named))
