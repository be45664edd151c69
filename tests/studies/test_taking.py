from datetime import timedelta

import pytest

from emostudio.listening.kinds import KINDS
from emostudio.storage import authored, taken
from emostudio.storage.database import Database
from emostudio.storage.judged import judgments
from emostudio.storage.sounds import Sounds
from emostudio.storage.tables import now
from emostudio.studies import taking
from emostudio.studies.authoring import close, create
from emostudio.studies.taking import UnknownListenerError, UnknownStudyError, WithdrawnError
from emostudio.studies.taking_people import code_of, digest
from tests.studies import live
from tests.studies.live import fields, said, started


def stored(db: Database, slug: str) -> list[dict[str, object]]:
    with db.read() as session:
        study = authored.study_by_slug(session, slug)
        assert study is not None
        return judgments(session, study.id)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_goes_from_practice_to_the_completion_code(
    db: Database, sounds: Sounds, kind: str
) -> None:
    slug = live.live(db, sounds, kind)
    me = started(db, slug)
    seen: list[object] = [taking.about(db, slug), me.state]
    trials = list(me.state["trials"])
    assert trials[0]["block"] == "practice"
    for trial in trials:
        assert len(trial["sounds"]) == len(trial["heard"])
        told = taking.answer(db, slug, me.token, said(trial, **fields(kind)))
        assert told["stored"]
        assert ("feedback" in told) == (trial["block"] == "practice")
        assert ("suggested" in told) == (kind == "label" and trial["block"] == "main")
        trials += told.get("more", [])
        seen.append(told)
    assert sum(trial["block"] == "main" for trial in trials) == 3
    assert taking.finish(db, slug, me.token) == taking.finish(db, slug, me.token)
    assert taking.state(db, slug, me.token)["finished"]
    assert len(stored(db, slug)) == len(trials)
    assert live.leaks(seen) == []


def test_the_same_answer_twice_is_one_and_a_later_one_supersedes(
    db: Database, sounds: Sounds
) -> None:
    slug = live.live(db, sounds)
    me = started(db, slug)
    answer = said(me.state["trials"][-1], value=2)
    assert taking.answer(db, slug, me.token, answer) == taking.answer(db, slug, me.token, answer)
    assert len(stored(db, slug)) == 1
    for value in (3, 5):
        taking.answer(db, slug, me.token, said(me.state["trials"][-1], value=value))
    standing = [row["value"] for row in stored(db, slug) if not row["superseded"]]
    assert standing == [5]
    # The first one, sent again by an outbox that is late, changes nothing.
    taking.answer(db, slug, me.token, answer)
    assert [row["value"] for row in stored(db, slug) if not row["superseded"]] == [5]


def test_a_pair_is_stored_as_how_much_better_its_clip_is_whichever_came_first(
    db: Database, sounds: Sounds
) -> None:
    slug = live.live(db, sounds, "ab")
    swapped = set()
    for _ in range(4):
        me = started(db, slug)
        for trial in me.state["trials"]:
            second = trial["sounds"][1]
            taking.answer(db, slug, me.token, said(trial, value=1, heard_s=0.1, other_heard_s=0.3))
            with db.read() as session:
                clip = authored.stimulus_by_token(session, second)
                row = taken.trial_by_id(session, trial["id"])
                response = taken.latest_response(session, trial["id"])
                assert clip is not None and row is not None and response is not None
                better = row.stimulus_id if response.value == 1 else row.other_id
                assert better == clip.id
                assert row.swapped == (row.stimulus_id == clip.id)
                assert response.heard_s == (0.3 if row.swapped else 0.1)
            swapped.add(row.swapped)
    assert swapped == {True, False}


def test_practice_says_what_is_right_as_it_was_heard(db: Database, sounds: Sounds) -> None:
    slug = live.live(db, sounds, "ab")
    for _ in range(2):  # in both orders
        me = started(db, slug)
        practice = me.state["trials"][0]
        with db.read() as session:
            row = taken.trial_by_id(session, practice["id"])
        assert row is not None
        right, words = (1, "The second") if row.swapped else (-1, "The first")
        told = taking.answer(db, slug, me.token, said(practice, value=right))
        assert told["feedback"] == {"right": True, "expected": words}
        told = taking.answer(db, slug, me.token, said(practice, value=-right))
        assert told["feedback"] == {"right": False, "expected": words}


def test_a_start_that_is_repeated_starts_once(db: Database, sounds: Sounds) -> None:
    slug = live.live(db, sounds)
    code = "ABCD-EFGH-JKMN"
    first, again = started(db, slug, code=code), started(db, slug, code=code)
    assert first == again
    with db.read() as session:
        study = authored.study_by_slug(session, slug)
        assert study is not None
        assert len(taken.listeners_of(session, study.id)) == 1


def test_neither_code_nor_token_lies_in_the_database(db: Database, sounds: Sounds) -> None:
    slug = live.live(db, sounds)
    me = started(db, slug)
    kept = b"".join(path.read_bytes() for path in db.data_dir.rglob("*") if path.is_file())
    assert me.token.encode() not in kept
    assert code_of(me.code).encode() not in kept
    assert digest(me.token).encode() in kept


def test_the_name_of_a_panel_is_kept_but_no_e_mail_address(db: Database, sounds: Sounds) -> None:
    slug = live.live(db, sounds)
    for name in ("5f3c9a", "anna@example.org"):
        started(db, slug, external_id=name)
    with db.read() as session:
        study = authored.study_by_slug(session, slug)
        assert study is not None
        listeners = taken.listeners_of(session, study.id)
    assert [one.external_id for one in listeners] == ["5f3c9a", ""]


def test_rows_are_lent_from_the_lowest_and_an_abandoned_one_again(
    db: Database, sounds: Sounds
) -> None:
    slug = live.live(db, sounds)
    people = [started(db, slug) for _ in range(3)]
    assert rows_of(db, people) == [0, 1, 2]
    with db.write() as session:
        row_of(session, people[1]).lease_until = now() - timedelta(minutes=1)
    late = started(db, slug)
    assert rows_of(db, [late]) == [1]
    # Whoever comes back late is heard all the same.
    taking.resume(db, slug, people[1].code)
    for trial in people[1].state["trials"]:
        assert taking.answer(db, slug, people[1].token, said(trial))["stored"]
    assert taking.finish(db, slug, people[1].token)


def test_an_answer_renews_the_lease(db: Database, sounds: Sounds) -> None:
    slug = live.live(db, sounds)
    me = started(db, slug)
    with db.write() as session:
        row_of(session, me).lease_until = now() + timedelta(minutes=5)
    taking.answer(db, slug, me.token, said(me.state["trials"][0]))
    with db.read() as session:
        assert row_of(session, me).lease_until > now() + timedelta(minutes=40)


def test_a_code_goes_on_at_the_same_trial_elsewhere(db: Database, sounds: Sounds) -> None:
    slug = live.live(db, sounds)
    me = started(db, slug)
    taking.answer(db, slug, me.token, said(me.state["trials"][0]))
    there = taking.resume(db, slug, me.code.lower().replace("-", " "))
    assert there.token == me.token
    order = [trial["sounds"] for trial in me.state["trials"]]
    assert [trial["sounds"] for trial in there.state["trials"]] == order
    assert [trial["answered"] for trial in there.state["trials"]] == [True, False, False, False]


def test_who_withdraws_is_in_no_result_and_the_row_is_lent_again(
    db: Database, sounds: Sounds
) -> None:
    slug = live.live(db, sounds)
    me = started(db, slug)
    taking.answer(db, slug, me.token, said(me.state["trials"][0]))
    assert taking.withdraw(db, slug, me.code) == me.token
    assert taking.withdraw(db, slug, me.code) == me.token  # twice is no error
    assert all(row["withdrawn"] for row in stored(db, slug))
    with pytest.raises(WithdrawnError):
        taking.answer(db, slug, me.token, said(me.state["trials"][1]))
    with pytest.raises(WithdrawnError):
        taking.resume(db, slug, me.code)
    assert rows_of(db, [started(db, slug)]) == [0]


def test_a_closed_study_lets_nobody_in_and_drops_nothing(db: Database, sounds: Sounds) -> None:
    slug = live.live(db, sounds)
    me = started(db, slug)
    close(db, slug)
    with pytest.raises(ValueError, match="closed"):
        started(db, slug)
    assert taking.answer(db, slug, me.token, said(me.state["trials"][0]))["stored"]


def test_strangers_are_refused(db: Database, sounds: Sounds) -> None:
    slug, other = live.live(db, sounds), live.live(db, sounds)
    draft = create(db, live.Protocol(kind="mos", title="Secret draft"))
    me = started(db, slug)
    for unknown in ("nothing-here", draft):
        with pytest.raises(UnknownStudyError):
            taking.about(db, unknown)
    for token in ("", "guessed", me.code):
        with pytest.raises(UnknownListenerError):
            taking.state(db, slug, token)
    with pytest.raises(UnknownListenerError):  # of another study
        taking.state(db, other, me.token)
    with pytest.raises(UnknownListenerError):
        taking.resume(db, slug, "0000-0000-0000")
    with pytest.raises(ValueError, match="consent"):
        taking.start(db, slug, "another text")


def test_one_answers_for_oneself_alone(db: Database, sounds: Sounds) -> None:
    slug = live.live(db, sounds)
    me, you = started(db, slug), started(db, slug)
    with pytest.raises(ValueError, match="none of yours"):
        taking.answer(db, slug, me.token, said(you.state["trials"][0]))
    mine = said(me.state["trials"][0])
    taking.answer(db, slug, me.token, mine)
    with pytest.raises(ValueError, match="response_uid"):
        taking.answer(
            db, slug, you.token, {**mine, "trial": you.state["trials"][0]["id"], "value": 1}
        )


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"value": 9}, "grade"),
        ({"value": "4"}, "number"),
        ({"value": None}, "answer yet"),
        ({"value": 4, "emotion": "sad"}, "emotion"),
        ({"value": 4, "response_uid": "short"}, "response_uid"),
        ({"value": 4, "response_uid": ["a"] * 26}, "response_uid"),
    ],
)
def test_what_can_not_be_an_answer_is_refused_with_a_sentence(
    db: Database, sounds: Sounds, wrong: dict[str, object], why: str
) -> None:
    slug = live.live(db, sounds)
    me = started(db, slug)
    with pytest.raises(ValueError, match=why):
        taking.answer(db, slug, me.token, said(me.state["trials"][0], **wrong))
    assert stored(db, slug) == []


def test_what_a_browser_measures_is_taken_with_care(db: Database, sounds: Sounds) -> None:
    slug = live.live(db, sounds, "label")
    me = started(db, slug)
    odd = {"rt_ms": -5, "first_play_ms": 10**12, "plays": "many", "heard_s": float("inf")}
    note = "a\0b\ud800"
    given = said(me.state["trials"][0], emotion="sad", note=note, client_ts=7, **odd)
    assert taking.answer(db, slug, me.token, given)["stored"]
    [row] = stored(db, slug)
    assert (row["rt_ms"], row["first_play_ms"], row["plays"], row["heard_s"]) == (None, None, 0, 0)
    assert row["note"] == "ab?"


def test_the_end_waits_for_every_answer_but_not_for_clips_that_do_not_play(
    db: Database, sounds: Sounds
) -> None:
    slug = live.live(db, sounds)
    me = started(db, slug)
    *answered, last = me.state["trials"]
    for trial in answered:
        taking.answer(db, slug, me.token, said(trial))
    with pytest.raises(ValueError, match="1 of the clips"):
        taking.finish(db, slug, me.token)
    assert taking.finish(db, slug, me.token, comment="loud street", skipped=[last["id"]])
    with db.read() as session:
        events = taken.events_of(session, row_of(session, me).listener_id)
    assert {event.kind for event in events} == {"decode_error", "submit"}
    you = started(db, slug)
    with pytest.raises(ValueError, match="Too many"):
        taking.finish(db, slug, you.token, skipped=[one["id"] for one in you.state["trials"]])


def test_events_are_kept_and_nonsense_is_left_out(db: Database, sounds: Sounds) -> None:
    slug = live.live(db, sounds)
    me, you = started(db, slug), started(db, slug)
    mine, yours = (who.state["trials"][0]["id"] for who in (me, you))
    given = [
        {"kind": "play", "trial": mine, "t_ms": 12, "payload": {"player": "clip"}},
        {"kind": "play", "trial": yours, "t_ms": "soon", "payload": [1]},
        {"kind": "dance", "t_ms": 1},
        "nothing",
    ]
    assert taking.events(db, slug, me.token, given) == 2
    with db.read() as session:
        first, second = taken.events_of(session, row_of(session, me).listener_id)
    assert (first.trial_id, first.t_ms, first.payload) == (mine, 12, {"player": "clip"})
    assert (second.trial_id, second.t_ms, second.payload) == (None, 0, None)


def row_of(session: object, me: taking.Session) -> object:
    listener = taken.listener_by_token_hash(session, digest(me.token))
    return taken.assignment_of(session, listener.id)


def rows_of(db: Database, people: list[taking.Session]) -> list[int]:
    with db.read() as session:
        return [row_of(session, one).row for one in people]
