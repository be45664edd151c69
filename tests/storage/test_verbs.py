"""What authors put there and listeners bring comes back as studies ask for it."""

from datetime import timedelta

import pytest

from emostudio.storage import authored, taken
from emostudio.storage.database import Database
from emostudio.storage.judged import judgments
from emostudio.storage.tables import (
    Collected,
    Event,
    Exclusion,
    Stimulus,
    Study,
    Trial,
    Utterance,
    now,
)
from tests.databases import answer, listening, pilot


def _clip(system: str, utterance: str, token: str, **fields: object) -> Stimulus:
    return Stimulus(
        system_id=system,
        utterance_id=utterance,
        token=token,
        sha256="a" * 64,
        served_sha256="a" * 64,
        duration_s=fields.pop("duration_s", 1.0),
        sample_rate=16_000,
        **fields,
    )


def _draft(slug: str) -> Study:
    return Study(
        slug=slug, kind="ab", protocol={"kind": "ab"}, protocol_hash="0", completion_code="c"
    )


def test_a_draft_gets_clips_loses_them_and_what_only_they_named(db: Database) -> None:
    with db.write() as session:
        study = authored.add_study(session, _draft("draft"))
        one, two = (authored.add_system(session, study.id, name) for name in ("one", "two"))
        said = authored.add_utterance(session, Utterance(study_id=study.id, name="said"))
        authored.add_stimulus(session, study, _clip(one.id, said.id, "t1"))
        second = authored.add_stimulus(session, study, _clip(two.id, said.id, "t2"))
        assert authored.add_system(session, study.id, "one").id == one.id
        authored.drop_stimulus(session, study, second)
    with db.read() as session:
        assert [system.name for system in authored.systems_of(session, study.id)] == ["one"]
        assert [clip.token for clip in authored.stimuli_of(session, study.id)] == ["t1"]
        assert [said.name for said in authored.utterances_of(session, study.id)] == ["said"]
        assert authored.stimulus_by_token(session, "t2") is None


def test_two_studies_do_not_share_a_slug(db: Database) -> None:
    with db.write() as session:
        authored.add_study(session, _draft("mine"))
    with pytest.raises(ValueError, match="There is a study 'mine' already"), db.write() as session:
        authored.add_study(session, _draft("mine"))


def test_a_study_goes_from_draft_to_live_to_closed(db: Database) -> None:
    with db.write() as session:
        study = authored.add_study(session, _draft("mine"))
        authored.put_protocol(session, study, {"kind": "mos", "title": "T"}, "1")
        authored.set_state(session, study, "live")
    with db.write() as session:
        again = authored.study_by_slug(session, "mine")
        assert again is not None
        assert (again.kind, again.protocol["title"], again.state) == ("mos", "T", "live")
        assert again.frozen_at is not None
        authored.set_state(session, again, "closed")
    with db.read() as session:
        (closed,) = authored.all_studies(session)
    assert closed.closed_at is not None
    assert closed.frozen_at is not None
    assert closed.closed_at >= closed.frozen_at
    assert closed.closed_at.utcoffset() is not None


def test_a_take_set_aside_stays_until_it_is_taken_away(db: Database) -> None:
    with db.write() as session:
        take = authored.collect(session, Collected(sha256="a", system="emomix", passport={"v": 1}))
    with db.write() as session:
        assert [one.passport for one in authored.collected(session)] == [{"v": 1}]
        authored.uncollect(session, take.id)
        authored.uncollect(session, take.id)
    with db.read() as session:
        assert authored.collected(session) == []


def test_the_audit_tells_the_latest_first(db: Database) -> None:
    with db.write() as session:
        authored.audit(session, "ann", "freeze", subject="mine")
        authored.audit(session, "ann", "look early", subject="mine", payload={"n": 3})
        authored.audit(session, "bob", "export", subject="other")
    with db.read() as session:
        assert [entry.action for entry in authored.audits_of(session)] == [
            "export",
            "look early",
            "freeze",
        ]
        assert authored.audits_of(session, "mine", limit=1)[0].payload == {"n": 3}


def test_a_judgment_has_all_about_its_clips_and_says_what_was_corrected(db: Database) -> None:
    there = pilot(db, kind="ab", n_trials=0)
    with db.write() as session:
        system = authored.add_system(session, there.study, "zest")
        (said,) = authored.utterances_of(session, there.study)
        other = _clip(system.id, said.id, "other", duration_s=3.0, intensity=0.2)
        other.study_id = there.study
        session.add(other)
        mine = taken.assignment_of(session, there.listener)
        assert mine is not None
        (trial,) = taken.add_trials(
            session,
            [
                Trial(
                    assignment_id=mine.id,
                    position=0,
                    stimulus_id=there.stimulus,
                    other_id=other.id,
                    swapped=True,
                )
            ],
        )
        now_there = there._replace(trials=[trial.id])
        taken.add_response(session, answer(now_there, "first", kind="ab", value=1.0))
        taken.add_response(
            session, answer(now_there, "second", kind="ab", value=-1.0, supersedes_uid="first")
        )
    with db.read() as session:
        first, second = judgments(session, there.study)
        listener = taken.listeners_of(session, there.study)[0]
        assert taken.label_counts(session, there.study) == {there.stimulus: 1}
    assert (first["superseded"], second["superseded"]) == (True, False)
    wanted = {
        "listener": listener.id,
        "system": "emomix",
        "other_system": "zest",
        "utterance": "one",
        "value": -1.0,
        "asked_emotion": "happy",
        "asked_intensity": 0.7,
        "other_asked_intensity": 0.2,
        "other_duration_s": 3.0,
        "swapped": True,
        "reference": "",
        "role": "test",
        "withdrawn": False,
    }
    assert {name: second[name] for name in wanted} == wanted


def test_a_withdrawn_listener_is_marked_and_counts_no_label(db: Database) -> None:
    there = pilot(db)
    with db.write() as session:
        taken.add_response(session, answer(there, "first"))
        (listener,) = taken.listeners_of(session, there.study)
        taken.withdraw(session, listener)
        at = listener.withdrawn_at
        taken.withdraw(session, listener)
        assert listener.withdrawn_at == at
    with db.read() as session:
        assert [row["withdrawn"] for row in judgments(session, there.study)] == [True]
        assert taken.label_counts(session, there.study) == {}


def test_the_last_word_on_a_listener_holds(db: Database) -> None:
    there = pilot(db)
    with db.write() as session:
        for excluded in (True, False, True, False):
            word = Exclusion(listener_id=there.listener, excluded=excluded, reason="r", actor="ann")
            taken.add_exclusion(session, word)
    with db.read() as session:
        assert not taken.exclusions(session, there.study)[there.listener].excluded


def test_a_listener_is_found_by_token_and_by_code(db: Database) -> None:
    there = pilot(db)
    with db.write() as session:
        listener = taken.add_listener(session, listening(there.study))
        events = [Event(listener_id=listener.id, kind="play", t_ms=t) for t in (5, 6)]
        taken.add_events(session, events)
    with db.read() as session:
        for found in (
            taken.listener_by_token_hash(session, listener.token_hash),
            taken.listener_by_code_hash(session, listener.code_hash),
        ):
            assert found is not None
            assert found.id == listener.id
        assert taken.listener_by_token_hash(session, "unknown") is None
        assert [one.t_ms for one in taken.events_of(session, listener.id)] == [5, 6]


def test_the_latest_answer_of_a_trial_is_the_one_that_no_other_corrects(db: Database) -> None:
    there = pilot(db)
    with db.write() as session:
        assert taken.latest_response(session, there.trials[0]) is None
        for uid, corrected in (("first", None), ("second", "first"), ("third", "second")):
            taken.add_response(session, answer(there, uid, supersedes_uid=corrected))
        latest = taken.latest_response(session, there.trials[0])
        assert latest is not None
        assert latest.response_uid == "third"


def test_a_clip_is_lent_while_its_lease_lasts_and_it_has_no_answer(db: Database) -> None:
    there = pilot(db, n_trials=2)
    with db.write() as session:
        assert taken.labels_lent(session, there.study, now()) == {there.stimulus: 2}
        taken.add_response(session, answer(there, "first"))
        assert taken.labels_lent(session, there.study, now()) == {there.stimulus: 1}
        mine = taken.assignment_of(session, there.listener)
        assert mine is not None
        assert taken.labels_lent(session, there.study, mine.lease_until + timedelta(1)) == {}
