"""Pairs of ZEST's table hold what their settings say, whatever the recordings."""

from collections import Counter
from pathlib import Path

import pytest

from emostudio.data.corpora import DEV_SPEAKERS, Utterance
from emostudio.evaluation.real import Recordings
from emostudio.evaluation.zest_plan import (
    LEAST_WORDS,
    PER_SETTING,
    SETTINGS,
    SOURCES_OF_A_READER,
    TARGETS,
    Pair,
    plan,
)

TEXTS = {
    "ravdess": ("Kids are talking by the door.", "Dogs are sitting by the door."),
    "emodb": ("Der Lappen liegt auf dem Eisschrank.", "Das will sie am Mittwoch abgeben."),
}
SPOKEN = {
    "ravdess": ("neutral", "calm", "angry", "happy", "sad", "surprise"),
    "emodb": ("neutral", "angry", "happy", "sad", "fear", "bored"),
}


def clip(speaker: str, emotion: str, text: str, number: int = 0) -> Utterance:
    corpus = speaker.split("-")[0]
    split = "dev" if speaker in DEV_SPEAKERS else "train"
    path = Path(f"{speaker}-{emotion}-{len(text)}-{number}.wav")
    return Utterance(
        path, corpus, speaker, "de" if corpus == "emodb" else "en", emotion, "", split, text
    )


@pytest.fixture(scope="module")
def real() -> Recordings:
    actors = {
        "ravdess": ("ravdess-01", "ravdess-19", "ravdess-20"),
        "emodb": ("emodb-03", "emodb-12", "emodb-13"),
    }
    found = [
        clip(actor, emotion, text, number)
        for corpus, of in actors.items()
        for actor in of
        for emotion in SPOKEN[corpus]
        for text in TEXTS[corpus]
        for number in range(2)
    ]
    for reader in ("librispeech-1", "librispeech-121", "librispeech-260"):
        found += [clip(reader, "neutral", " ".join(["word"] * n)) for n in range(1, 30)]
    return Recordings(tuple(found))


@pytest.fixture(scope="module")
def pairs(real: Recordings) -> list[Pair]:
    return plan(real, PER_SETTING)


@pytest.mark.parametrize("setting", ["SSST", "SSDT", "DSST", "DSDT"])
def test_speaker_and_text_are_the_same_or_not_as_the_setting_says(
    pairs: list[Pair], setting: str
) -> None:
    of = [pair for pair in pairs if pair.setting == setting]
    assert len(of) == PER_SETTING
    for pair in of:
        assert pair.source.corpus == pair.reference.corpus
        assert (pair.source.speaker == pair.reference.speaker) == setting.startswith("SS")
        assert (pair.source.text == pair.reference.text) == setting.endswith("ST")
        assert pair.emotion in TARGETS[pair.source.corpus]


def test_an_unseen_emotion_is_bored_and_unseen_sources_read(pairs: list[Pair]) -> None:
    assert {pair.emotion for pair in pairs if pair.setting == "UTE"} == {"bored"}
    assert "bored" not in {pair.emotion for pair in pairs if pair.setting != "UTE"}
    unseen = [pair for pair in pairs if pair.setting == "USS"]
    assert {pair.source.corpus for pair in unseen} == {"librispeech"}
    assert {pair.reference.speaker for pair in unseen} == {"ravdess-19", "ravdess-20"}
    lengths = {len(pair.source.text.split()) for pair in unseen}
    assert min(lengths) >= LEAST_WORDS
    assert max(lengths) < LEAST_WORDS + SOURCES_OF_A_READER


def test_sources_are_neutral_and_nobody_was_trained_on(pairs: list[Pair]) -> None:
    assert {pair.source.emotion for pair in pairs} == {"neutral"}
    speakers = {u.speaker for pair in pairs for u in (pair.source, pair.reference)}
    assert speakers <= DEV_SPEAKERS


def test_speakers_and_emotions_are_even_and_no_pair_comes_twice(pairs: list[Pair]) -> None:
    for setting in SETTINGS:
        of = [pair for pair in pairs if pair.setting == setting]
        assert len({(pair.source, pair.reference) for pair in of}) == len(of)
        for counts in (
            Counter(pair.source.speaker for pair in of),
            Counter((pair.source.speaker, pair.emotion) for pair in of),
        ):
            assert max(counts.values()) - min(counts.values()) <= 1


def test_a_short_plan_begins_as_a_long_one_and_is_always_the_same(
    real: Recordings, pairs: list[Pair]
) -> None:
    assert plan(real, PER_SETTING) == pairs
    brief = plan(real, 4)
    assert len(brief) == 4 * len(SETTINGS)
    assert set(brief) <= set(pairs)
    first = [pair for pair in brief if pair.setting == "DSDT"]
    assert len({pair.source.speaker for pair in first}) == 4
    assert len({file.file for file in first}) == 4


def test_recordings_of_no_dev_actor_are_refused_in_words(real: Recordings) -> None:
    trained = Recordings(tuple(u for u in real.utterances if u.split == "train"))
    with pytest.raises(ValueError, match="no dev actor"):
        plan(trained, 4)
