from collections import Counter

import pytest

from emostudio.maps.own import SENTENCES, of_takes, plan
from emostudio.values import EMOTIONS

VOICES = {"kathleen": "en", "kerstin": "de", "LJ": "en"}
ENGINES = ("emomix", "diemo")


@pytest.mark.parametrize("n", [1, 40, 102, 360])
def test_a_plan_has_as_many_takes_as_asked_and_no_two_alike(n: int) -> None:
    requests = plan(n, ENGINES, VOICES, EMOTIONS)
    assert len(requests) == n == len(set(requests))
    assert plan(n, ENGINES, VOICES, EMOTIONS) == requests


def test_a_plan_gives_every_engine_voice_and_emotion_its_part() -> None:
    requests = plan(360, ENGINES, VOICES, EMOTIONS)
    engines = Counter(one.engine for one in requests)
    voices = Counter(one.voice for one in requests)
    emotions = Counter(one.emotion.top for one in requests)
    assert set(engines) == set(ENGINES) and set(voices) == set(VOICES)
    assert set(emotions) == set(EMOTIONS)
    for counts in (engines, voices):
        assert max(counts.values()) < 1.3 * min(counts.values())


def test_every_voice_speaks_its_own_language() -> None:
    for request in plan(60, ENGINES, VOICES, EMOTIONS):
        assert request.text in SENTENCES[VOICES[request.voice]]
        assert request.lang == VOICES[request.voice]


def test_nothing_is_spoken_before_its_turn() -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("too early")

    source = of_takes(plan(5, ENGINES, VOICES, EMOTIONS), refuse)  # pyright: ignore[reportArgumentType]
    assert {sound.labels["source"] for sound in source.sounds} == {"take"}
    assert "synthetic" in source.comment


def test_takes_of_other_checkpoints_are_other_takes() -> None:
    def key(**checkpoints: str) -> str:
        requests = plan(5, ENGINES, VOICES, EMOTIONS)
        return of_takes(requests, lambda _: None, checkpoints).key  # pyright: ignore[reportArgumentType]

    assert key(emomix="a") == key(emomix="a") != key(emomix="b")


def test_no_take_is_no_map() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        plan(0, ENGINES, VOICES, EMOTIONS)
