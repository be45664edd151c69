"""Watching a study: hidden until nothing can be stopped early, and every word about a listener."""

import pytest

from emostudio.storage import authored
from emostudio.storage.database import Database
from emostudio.storage.sounds import Sounds
from emostudio.studies import authoring, taking, watching
from emostudio.studies.gathering import excluded_of
from emostudio.studies.taking_answers import answer
from tests.studies.live import live, said, started


def listen(db: Database, slug: str) -> str:
    """Answer all that a listener is asked, finish, and return the code."""
    session = started(db, slug)
    for trial in session.state["trials"]:
        answer(db, slug, session.token, said(trial))
    taking.finish(db, slug, session.token)
    return session.code


def test_results_are_hidden_until_the_planned_listeners_have_finished(
    db: Database, sounds: Sounds
) -> None:
    slug = live(db, sounds, listeners=2)
    assert "0 of 2 have" in watching.progress(db, slug).hidden
    listen(db, slug)
    started(db, slug)
    assert "1 of 2 have" in watching.progress(db, slug).hidden
    listen(db, slug)
    assert not watching.progress(db, slug).hidden


def test_a_closed_study_hides_nothing(db: Database, sounds: Sounds) -> None:
    slug = live(db, sounds)
    authoring.close(db, slug)
    assert not watching.progress(db, slug).hidden


def test_looking_early_is_possible_and_noted_once(db: Database, sounds: Sounds) -> None:
    slug = live(db, sounds)
    watching.unlock(db, slug, actor="ada")
    watching.unlock(db, slug, actor="eve")
    assert not watching.progress(db, slug).hidden
    with db.read() as session:
        noted = [one for one in authored.audits_of(session, slug) if one.action == "look early"]
    assert [one.actor for one in noted] == ["ada"]


def test_who_withdraws_has_not_finished_and_has_no_answers(db: Database, sounds: Sounds) -> None:
    slug = live(db, sounds, listeners=1)
    code = listen(db, slug)
    assert watching.progress(db, slug).finished == 1
    taking.withdraw(db, slug, code)
    state = watching.progress(db, slug)
    assert (state.finished, sum(state.answers.values())) == (0, 0)
    assert [person.withdrawn for person in state.people] == [True]


def test_answers_are_counted_by_cell(db: Database, sounds: Sounds) -> None:
    slug = live(db, sounds, design="full", trials=0)
    listen(db, slug)
    state = watching.progress(db, slug)
    assert len(state.answers) == 6
    assert set(state.answers.values()) == {1}
    assert state.people[0].answers == 6


def test_answers_about_a_pair_count_for_both(db: Database, sounds: Sounds) -> None:
    slug = live(db, sounds, "ab", listeners=1)
    session = started(db, slug)
    for trial in session.state["trials"]:
        answer(db, slug, session.token, said(trial, value=1))
    answers = watching.progress(db, slug).answers
    assert set(answers.values()) == {1}
    assert len(answers) == 6


def test_a_listener_is_left_out_with_a_reason_and_taken_in_again(
    db: Database, sounds: Sounds
) -> None:
    slug = live(db, sounds)
    listen(db, slug)
    [person] = watching.progress(db, slug).people
    watching.exclude(db, slug, person.id, " was joking ", actor="ada")
    assert watching.progress(db, slug).people[0].excluded == "was joking"
    assert excluded_of(db, slug) == {person.id}
    watching.restore(db, slug, person.id, "was not", actor="ada")
    assert watching.progress(db, slug).people[0].excluded == ""
    assert excluded_of(db, slug) == set()
    with db.read() as session:
        did = [one.action for one in authored.audits_of(session, slug)]
    assert did[:2] == ["restore", "exclude"]


def test_nobody_is_left_out_without_a_reason_or_from_another_study(
    db: Database, sounds: Sounds
) -> None:
    slug, other = live(db, sounds), live(db, sounds)
    started(db, slug)
    [person] = watching.progress(db, slug).people
    with pytest.raises(ValueError, match="reason"):
        watching.exclude(db, slug, person.id, " ", actor="ada")
    with pytest.raises(ValueError, match="not of this study"):
        watching.exclude(db, other, person.id, "joking", actor="ada")
