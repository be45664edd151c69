import pytest

from emostudio.studies import bench
from emostudio.studies.bench import Load, load


@pytest.mark.slow
def test_every_answer_that_was_acknowledged_under_load_is_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bench, "PAUSE_S", (0.1, 0.3))
    seen = load(sessions=5, seconds=1.5)
    assert (seen.errors, seen.stored) == (0, seen.acknowledged)
    assert seen.acknowledged == len(seen.posts_ms) >= 5
    assert 0 < seen.p50_ms <= seen.p95_ms <= seen.max_ms


def test_a_lost_answer_or_a_slow_one_breaks_the_goal() -> None:
    good = Load(1, 1.0, (10.0, 20.0), errors=0, acknowledged=2, stored=2)
    assert good.holds
    assert not Load(1, 1.0, (10.0, 20.0), errors=0, acknowledged=2, stored=1).holds
    assert not Load(1, 1.0, (10.0, 300.0), errors=0, acknowledged=2, stored=2).holds
    assert not Load(1, 1.0, (), errors=0, acknowledged=0, stored=0).holds
