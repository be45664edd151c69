from collections import Counter
from dataclasses import replace

import pytest

from emostudio.listening.design import choices
from emostudio.listening.protocol import Protocol
from emostudio.storage.database import Database
from emostudio.storage.sounds import Sounds
from emostudio.studies import authoring
from emostudio.studies.clips import NewClip
from emostudio.studies.grid import Grid, grid
from emostudio.studies.planning import plan, plan_of, planned
from tests.studies.sounding import burst, clips


@pytest.fixture
def study(db: Database, sounds: Sounds) -> Grid:
    """Three systems, six utterances, a gold clip and one for practice; each lasts 0.6 s."""
    slug = authoring.create(db, Protocol("mos", "t", listeners=7))
    extra = [
        NewClip(burst(90), name="g", role="gold", gold={"value": 5}),
        NewClip(burst(91), name="p", role="practice"),
    ]
    assert authoring.add_clips(db, sounds, slug, [*clips(3, 6), *extra]).refused == {}
    found = plan(db, slug)
    assert found == plan_of(Protocol("mos", "t", listeners=7), grid(db, slug))
    return grid(db, slug)


def test_a_plan_counts_trials_minutes_votes_and_a_round(study: Grid) -> None:
    found = plan_of(Protocol("mos", "t", listeners=7, repeats=2), study)
    assert found.trials == 6 + 1 + 1 + 2
    assert found.minutes == pytest.approx(1 + 10 * 5.6 / 60)
    assert (found.fewest, found.most, found.round) == (2, 3, 3)


def test_a_plan_tells_of_clips_that_nobody_will_hear(study: Grid) -> None:
    assert plan_of(Protocol("mos", "t", listeners=2), study).fewest == 0
    assert plan_of(Protocol("mos", "t", listeners=2), Grid(())).trials == 0


def test_planned_trials_lack_the_answer_alone(study: Grid) -> None:
    trials = planned(Protocol("mos", "t"), study, 3)
    assert len(trials) == 3 * 7
    assert {trial.role for trial in trials} == {"test", "gold"}
    assert all(trial.value is None and trial.duration_s == pytest.approx(0.6) for trial in trials)
    (gold, *_) = (trial for trial in trials if trial.role == "gold")
    assert gold.gold == {"value": 5}
    pairs = planned(Protocol("ab", "t"), replace(study, clips=study.tested), 3)
    assert all(trial.other_system not in ("", trial.system) for trial in pairs)
    assert {trial.swapped for trial in pairs} == {True, False}


def test_more_listeners_are_expected_to_narrow_the_interval(study: Grid) -> None:
    few, many = (plan_of(Protocol("mos", "t", listeners=n), study).width for n in (6, 60))
    assert few.mean > many.mean > 0


@pytest.mark.parametrize("listeners", [1, 2, 3, 4, 7, 12, 100])
@pytest.mark.parametrize("kind", ["mos", "ab"])
def test_votes_are_those_of_the_rows(study: Grid, listeners: int, kind: str) -> None:
    asked = Protocol(kind, "t", listeners=listeners, trials=4)
    votes = Counter((trial.stimulus, trial.other) for trial in planned(asked, study, listeners))
    counts = [votes[one] for one in choices(asked, study.cells)]
    found = plan_of(asked, study)
    assert (found.fewest, found.most) == (min(counts), max(counts))


def test_thousands_of_listeners_are_planned_at_once(study: Grid) -> None:
    assert plan_of(Protocol("mos", "t", listeners=9_999), study).fewest == 3_333
