"""What the suite asks for is fixed before any judge hears it."""

from collections import Counter

import pytest

from emostudio.evaluation import asked
from emostudio.evaluation.asked import Size, everything
from emostudio.evaluation.real import Recordings
from emostudio.values import EMOTIONS
from tests.speech import corpora

PRESETS = ("kathleen", "reader-7367", "kerstin")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Recordings:
    return Recordings.of(corpora(tmp_path_factory.mktemp("speech") / "corpora"))


def test_the_sentences_are_twenty_and_plain() -> None:
    sentences = asked.SENTENCES.read_text().splitlines()
    assert len(set(sentences)) == 20
    assert all(sentence.isascii() and sentence.endswith(".") for sentence in sentences)
    assert len(set(asked.SENTENCES_DE.read_text().splitlines())) == 10


def test_every_emotion_speaks_every_sentence_in_both_voices_with_its_index_as_seed() -> None:
    plan = everything(EMOTIONS, PRESETS, None, Size())
    takes = [ask for ask in plan if ask.part == "emotions"]
    assert len(takes) == 20 * len(EMOTIONS) * 2
    assert all(ask.request.seed == ask.sentence for ask in plan)
    assert len({ask.file for ask in plan}) == len(plan)
    assert everything(EMOTIONS, PRESETS, None, Size()) == plan


def test_mixing_takes_every_pair_from_both_bases() -> None:
    plan = [a for a in everything(EMOTIONS, PRESETS, None, Size()) if a.part == "mixing"]
    curves = Counter((a.about["base"], a.about["added"]) for a in plan)
    assert set(curves) == {(b, a) for p in asked.PAIRS for b, a in (p, p[::-1])}
    assert set(curves.values()) == {len(asked.MIX_WEIGHTS) * 8}
    for ask in plan:
        assert ask.request.emotion[ask.about["added"]] == pytest.approx(ask.about["weight"])
        assert ask.request.base == ask.about["base"]


def test_presets_of_intensity_lie_on_the_curve() -> None:
    plan = [a for a in everything(EMOTIONS, PRESETS, None, Size()) if a.part == "intensity"]
    levels = {a.request.intensity for a in plan}
    assert levels == {*asked.INTENSITIES, *asked.PRESETS.values()}


def test_a_model_that_knows_less_is_asked_less() -> None:
    plan = everything(("neutral", "happy"), ("kathleen",), None, Size.quick())
    assert {a.part for a in plan} == {"emotions", "intensity"}


def test_recordings_add_their_sentences_and_readers(real: Recordings) -> None:
    plan = everything(("neutral", "happy", "angry"), PRESETS, real, Size.quick())
    same = [a for a in plan if a.part == "same"]
    assert {a.speaker for a in same} == {"ravdess-19"}  # kathleen has no dev clip here
    assert all(a.real is not None and a.real.text == a.request.text for a in same)
    assert all(a.real.emotion == a.about["emotion"] for a in same if a.real)
    readers = [a for a in plan if a.part == "readers"]
    assert {a.speaker for a in readers} == {"librispeech-121"}
    assert all(a.request.reference is not None for a in readers)


def test_a_voice_is_told_by_neutral_clips_and_training_comes_first(real: Recordings) -> None:
    assert {u.split for u in asked.of_voice(real, "kathleen")} == {"train"}
    assert {u.emotion for u in asked.of_voice(real, "ravdess-19")} == {"neutral"}


def test_no_anchor_was_trained_on(real: Recordings) -> None:
    found = asked.anchors(real, PRESETS, Size())
    assert {"librispeech", "ravdess angry"} <= set(found)
    assert all(u.split == "dev" for us in found.values() for u in us)


def test_what_a_corpus_does_not_act_is_not_offered() -> None:
    assert "bored" not in asked.offered("ravdess")
    assert "calm" not in asked.offered("emodb")
    assert asked.offered("kathleen") == ()
