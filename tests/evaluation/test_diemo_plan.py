"""Transfers: voices that never acted, held-out actors, and the same list for every engine."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from emostudio.data.corpora import DEV_SPEAKERS
from emostudio.evaluation import asked, diemo_plan
from emostudio.evaluation.diemo_plan import GIVEN, PARTS, Transfer
from emostudio.evaluation.real import Recordings, clip_of
from tests.speech import acting

VOICES = ("kathleen", "kerstin")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Recordings:
    return Recordings.of(acting(tmp_path_factory.mktemp("speech") / "corpora"))


@pytest.fixture(scope="module")
def plan(real: Recordings) -> list[Transfer]:
    return diemo_plan.plan(real, VOICES)


def test_who_speaks_never_acted_and_who_shows_was_never_heard(plan: list[Transfer]) -> None:
    assert {t.voice for t in plan} == {"kathleen", "librispeech-121", "librispeech-260"}
    assert {t.reference.speaker for t in plan} == set(asked.ACTORS) <= DEV_SPEAKERS
    assert {t.emotion for t in plan} == {"angry", "happy", "sad", "surprise"}


def test_only_parallel_takes_say_what_their_reference_says(plan: list[Transfer]) -> None:
    for transfer in plan:
        assert (transfer.text == transfer.reference.text) == (transfer.part == "P")


def test_every_voice_meets_every_emotion_as_often(plan: list[Transfer]) -> None:
    for part in PARTS:
        cells = Counter((t.voice, t.emotion) for t in plan if t.part == part)
        assert len(cells) == 3 * 4
        assert len(set(cells.values())) == 1


def test_seeds_and_files_are_each_takes_own(plan: list[Transfer]) -> None:
    assert len({t.file for t in plan}) == len(plan)
    assert len({(t.part, t.number) for t in plan}) == len(plan)


def test_a_plan_is_the_same_each_time_and_a_quick_one_smaller(
    real: Recordings, plan: list[Transfer]
) -> None:
    assert diemo_plan.plan(real, VOICES) == plan
    quick = diemo_plan.plan(real, VOICES, quick=True)
    assert {t.part for t in quick} == set(PARTS)
    assert len(quick) < len(plan)


def test_engines_are_asked_for_the_same(real: Recordings, plan: list[Transfer]) -> None:
    own = diemo_plan.recordings_of(real, plan)
    for transfer in plan[:: len(plan) // 8]:
        slow, fast = (
            diemo_plan.request(transfer, engine, own[transfer.voice])
            for engine in ("emomix", "diemo")
        )
        assert slow.settings() == fast.settings() | {"engine": "emomix"}
        assert (slow.emotion_reference is not None) == (transfer.part in GIVEN)
        assert (slow.reference is None) == (transfer.voice == "kathleen")


def test_a_plain_take_asks_for_no_emotion_and_a_named_one_for_its_references(
    plan: list[Transfer],
) -> None:
    of = {t.part: diemo_plan.request(t, "diemo", None) for t in plan if t.emotion == "sad"}
    assert of["plain"].emotion.top == "neutral"
    assert of["named"].emotion.top == "sad"


def test_beside_a_reference_stands_somebody_else(real: Recordings, plan: list[Transfer]) -> None:
    for transfer in plan:
        kin = diemo_plan.beside(real, transfer.reference, same_emotion=True)
        stranger = diemo_plan.beside(real, transfer.reference, same_emotion=False)
        assert kin is not None
        assert stranger is not None
        assert kin.emotion == transfer.emotion != stranger.emotion
        assert transfer.reference.speaker not in (kin.speaker, stranger.speaker)
        assert transfer.reference.text not in (kin.text, stranger.text)


def test_ten_seconds_of_a_reader_begin_at_the_last_clip_as_judges_compare_the_first(
    real: Recordings, plan: list[Transfer]
) -> None:
    own = diemo_plan.recordings_of(real, plan)
    assert own["kathleen"] is None
    reader = own["librispeech-121"]
    assert reader is not None
    last = clip_of(real.select("librispeech", speaker="librispeech-121")[-1]).wav
    assert np.array_equal(reader.wav[: len(last)], last)


def test_recordings_without_actors_or_voices_are_refused(real: Recordings, tmp_path: Path) -> None:
    no_actors = Recordings(tuple(u for u in real.utterances if u.corpus == "librispeech"))
    no_voices = Recordings(tuple(u for u in real.utterances if u.corpus == "ravdess"))
    for recordings, voices in ((no_actors, VOICES), (no_voices, ("kerstin",))):
        with pytest.raises(ValueError, match="no dev actor"):
            diemo_plan.plan(recordings, voices)
