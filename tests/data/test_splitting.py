"""Truths of what is held out."""

import random
from dataclasses import replace

import pytest

from emostudio.data.recording import Level, Recording
from emostudio.data.splitting import sentence, split

LEVEL = Level(-27.0, 0.1, 1.9)


def recording(
    number: int, *, speaker: str = "anna", emotion: str = "neutral", said: str = ""
) -> Recording:
    file = f"{number:05d}.wav"
    return Recording(file, f"take {number}", speaker, "en", emotion, 2.0, 16_000, LEVEL, said=said)


def read(n: int = 40) -> list[Recording]:
    return [recording(number, said=f"Sentence {number}.") for number in range(n)]


def acted(speakers: int = 2, sentences: int = 16) -> list[Recording]:
    return [
        recording(number, speaker=f"s{who}", emotion=emotion, said=f"Line {line}")
        for number, (who, emotion, line) in enumerate(
            (who, emotion, line)
            for who in range(speakers)
            for emotion in ("neutral", "happy", "smug")
            for line in range(sentences)
        )
    ]


def dev(recordings: list[Recording]) -> list[Recording]:
    return [one for one in recordings if one.split == "dev"]


def test_a_table_that_has_both_is_kept_and_one_that_has_not_is_none() -> None:
    told = [replace(one, split="dev" if n % 3 else "train") for n, one in enumerate(read(9))]
    assert split(told) == (told, "table")
    found, by = split([replace(one, split="train") for one in read(40)])
    assert by == "sentence" and dev(found)
    assert split([replace(told[0], split=""), *told[1:]])[1] == "sentence"


def test_where_many_speak_one_in_ten_is_held_out_whole() -> None:
    found, by = split(acted(speakers=23))
    assert by == "speaker"
    held = {one.speaker for one in dev(found)}
    assert len(held) == 2
    assert held.isdisjoint(one.speaker for one in found if one.split == "train")


@pytest.mark.parametrize("recordings", [read(), acted()])
def test_a_sentence_is_never_on_both_sides(recordings: list[Recording]) -> None:
    found, by = split(recordings)
    assert by == "sentence"
    held = {sentence(one) for one in dev(found)}
    assert held.isdisjoint(sentence(one) for one in found if one.split == "train")
    assert 1 / 9 < len(dev(found)) / len(found) <= 0.25


def test_every_speaker_and_emotion_has_its_share() -> None:
    found, _ = split(acted())
    assert {one.emotion for one in dev(found)} == {"neutral", "happy", "smug"}
    assert {one.speaker for one in dev(found)} == {"s0", "s1"}


def test_where_too_few_sentences_are_spoken_clips_are_held_out() -> None:
    found, by = split(acted(sentences=2))
    assert by == "clip" and len(dev(found)) >= 2
    same = [replace(one, said="Always this.") for one in read()]
    found, by = split(same)
    assert by == "clip" and len(dev(found)) == 5
    found, by = split([replace(one, said="") for one in read()])
    assert by == "clip" and len(dev(found)) == 5


@pytest.mark.parametrize("n", [3, 4, 7, 9])
def test_of_few_clips_two_are_held_out(n: int) -> None:
    assert len(dev(split(read(n))[0])) == 2


def test_the_same_clips_are_always_split_alike() -> None:
    recordings = acted()
    shuffled = random.Random(7).sample(recordings, len(recordings))
    assert {o.file for o in dev(split(recordings)[0])} == {o.file for o in dev(split(shuffled)[0])}


def test_marks_and_case_make_no_other_sentence() -> None:
    assert sentence(recording(1, said="Oh, no!")) == sentence(recording(2, said="OH NO"))
    assert sentence(recording(1)) == ""
