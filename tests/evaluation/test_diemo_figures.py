"""Figures of transfers: who has the words, whose voice it is, and whose emotion."""

from pathlib import Path

import numpy as np
import pytest

from emostudio.data.corpora import Utterance
from emostudio.evaluation.diemo_figures import Result, confusions, kinship, row
from emostudio.evaluation.diemo_plan import Transfer
from emostudio.evaluation.hearing import Heard
from emostudio.evaluation.zest_figures import Voices
from emostudio.values import EMOTIONS

AXES = np.eye(3)
VOICES = Voices({"kathleen": {"kathleen/0": AXES[0], "kathleen/1": AXES[0]}}, {})


def heard(emotion: str, sure: float = 0.9) -> Heard:
    rest = (1 - sure) / (len(EMOTIONS) - 1)
    probs = {name: sure if name == emotion else rest for name in EMOTIONS}
    return Heard(probs, probs, None, -70.0)


def result(shown: str, got: str, *, name: str = "", **said: object) -> Result:
    reference = Utterance(Path("a.wav"), "ravdess", "ravdess-19", "en", shown, "", "dev", "A word.")
    transfer = Transfer("P", 0, "kathleen", "A word.", reference)
    return Result(transfer, heard(got), heard(shown), said, name)


def test_a_take_that_sounds_as_its_reference_has_its_emotion_whole() -> None:
    found = row([result("sad", "sad")], VOICES)
    assert found["judge_similarity"]["value"] == 1
    assert found["recognizer_hit"]["value"] == 1
    other = row([result("sad", "angry")], VOICES)
    assert other["judge_similarity"]["value"] < 0
    assert other["judge_hit"]["value"] == 0


@pytest.mark.parametrize("sure", [0.3, 0.9, 1.0])
def test_kinship_asks_what_is_heard_and_not_how_surely(sure: float) -> None:
    assert kinship(heard("sad", 0.6).judge, heard("sad", sure).judge) == pytest.approx(1)
    assert kinship(heard("sad", sure).judge, heard("angry").judge) == pytest.approx(-1 / 8)


def test_an_ear_that_hears_nothing_finds_no_kinship() -> None:
    deaf = dict.fromkeys(EMOTIONS, 1 / len(EMOTIONS))
    assert kinship(deaf, heard("sad").judge) == 0


def test_kinship_does_not_depend_on_the_order_of_names() -> None:
    one, other = heard("sad").judge, heard("happy").judge
    turned = dict(reversed(other.items()))
    assert kinship(one, other) == kinship(one, turned) == kinship(turned, one)


def test_the_voice_is_the_one_asked_for_and_not_the_references() -> None:
    for axis, cosine in ((0, 1), (1, 0)):
        found = row([result("sad", "sad", voice=AXES[axis].tolist())], VOICES)
        assert found["voice_similarity"]["value"] == cosine


def test_a_recording_is_not_held_against_itself() -> None:
    lone = Voices({"kathleen": {"kathleen/0": AXES[0]}}, {})
    own = result("sad", "neutral", name="kathleen/0", voice=AXES[0].tolist())
    assert "voice_similarity" not in row([own], lone)
    assert row([own], VOICES)["voice_similarity"]["value"] == 1


def test_words_are_pooled_and_absent_judges_are_absent() -> None:
    long = result("sad", "sad", errors=0, said=["a"] * 9)
    short = result("sad", "sad", errors=1, said=["a"], p808=3.0)
    found = row([long, short], VOICES)
    assert found["word_error"]["value"] == pytest.approx(0.1)
    assert found["p808"]["value"] == 3
    assert not {"word_error", "p808", "voice_similarity"} & set(row([result("sad", "sad")], VOICES))
    assert row([], VOICES) == {}


def test_confusions_count_every_result_once() -> None:
    results = [result("sad", "sad"), result("sad", "angry"), result("happy", "angry")]
    found = confusions(results, lambda h: h.judge)
    assert found == {"sad": {"sad": 1, "angry": 1}, "happy": {"angry": 1}}
