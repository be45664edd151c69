"""What a page tells of a job follows from its row and its events."""

import pytest

from emostudio.jobs.run_folder import Event
from emostudio.jobs.standing import PARTS, Expectation, Standing, comparing_s_of, standing_of
from emostudio.jobs.tuning import Tuning
from emostudio.storage.tuned_tables import Job

OF = 100
BEGIN = Event("phase", 0.0, {"phase": "prepare", "share": 0.0, "attempt": 1, "message": "begins"})
TRAIN = Event("phase", 10.0, {"phase": "train", "share": 0.0, "message": ""})


def _job(state: str = "running", message: str = "") -> Job:
    tuning = Tuning(base="ser", corpus="c", name="anna", max_steps=OF)
    return Job(id="J", tuning=tuning.to_json(), state=state, message=message, probe=False)


def _step(step: int, at: float) -> Event:
    values = {"step": step, "of": OF, "rate": 1e-3, "losses": {"loss": 1.0}, "memory_mb": 300.0}
    return Event("step", at, values)


def _told(*events: Event, at: float, **given: float) -> Standing:
    return standing_of(_job(), events, at=at, **given)  # type: ignore[arg-type]


def test_the_parts_of_a_bar_are_all_of_it() -> None:
    assert sum(PARTS.values()) == pytest.approx(1.0)


def test_steps_tell_how_long_the_rest_takes() -> None:
    # From step 20 at 30 s to step 60 at 70 s: a second a step, 40 s to go and 30 s to compare.
    told = _told(BEGIN, TRAIN, _step(20, 30), _step(60, 70), at=75.0, comparing_s=30.0)
    assert (told.step, told.of, told.phase) == (60, OF, "train")
    assert told.eta_s == pytest.approx(40 - 5 + 30)
    assert told.share == pytest.approx(0.2 + 0.65 * 0.6)
    assert (told.losses, told.rate, told.memory_mb) == ({"loss": 1.0}, 1e-3, 300.0)


def test_one_report_tells_no_speed() -> None:
    assert _told(BEGIN, TRAIN, _step(20, 30), at=31.0).eta_s is None


def test_before_it_trains_a_probe_tells_how_long_it_takes() -> None:
    expected = Expectation(train=4.0, around=1.0)
    told = standing_of(_job(), [BEGIN], expected=expected, at=60.0)
    assert told.eta_s == pytest.approx(5 * 60 - 60)
    assert standing_of(_job(), [BEGIN], at=60.0).eta_s is None


def test_a_run_that_goes_on_counts_the_time_of_this_attempt_alone() -> None:
    again = Event("phase", 1000.0, {"phase": "prepare", "share": 0.0, "attempt": 2})
    before = (BEGIN, TRAIN, _step(20, 30), _step(50, 60))
    told = _told(*before, again, at=1001.0)
    assert (told.eta_s, told.step) == (None, 50)
    assert told.share == pytest.approx(0.2 + 0.65 * 0.5)  # the bar does not fall back
    told = _told(*before, again, _step(60, 1010), _step(70, 1030), at=1030.0)
    assert told.eta_s == pytest.approx(30 * 2)


def test_a_comparison_that_tells_its_share_tells_its_end() -> None:
    events = (
        BEGIN,
        _step(OF, 50),
        Event("phase", 60.0, {"phase": "evaluate", "share": 0.0}),
        Event("phase", 80.0, {"phase": "evaluate", "share": 0.5, "message": "old emotions"}),
    )
    told = _told(*events, at=85.0, comparing_s=500.0)
    assert told.eta_s == pytest.approx(15.0)
    assert (told.message, told.share) == ("old emotions", pytest.approx(0.925))


def test_what_has_ended_has_no_time_left() -> None:
    events = [BEGIN, _step(20, 30), _step(60, 70)]
    assert standing_of(_job("done"), events, at=80.0).share == 1.0
    for state in ("done", "failed", "stopped", "interrupted"):
        told = standing_of(_job(state, "why"), events, at=80.0)
        assert (told.eta_s, told.live, told.message) == (None, False, "why")


def test_how_long_a_comparison_took_is_that_of_the_last_attempt() -> None:
    def evaluate(at: float) -> Event:
        return Event("phase", at, {"phase": "evaluate", "share": 0.0})

    again = Event("phase", 100.0, {"phase": "prepare", "attempt": 2})
    whole = [BEGIN, evaluate(50), again, evaluate(110), evaluate(120), Event("done", 140.0)]
    assert comparing_s_of(whole) == pytest.approx(30.0)
    assert comparing_s_of(whole[:-1]) is None
    assert comparing_s_of([BEGIN, Event("done", 9.0)]) is None
