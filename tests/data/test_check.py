"""What a report says of recordings that were made up."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from emostudio.data.check import check
from emostudio.data.recording import Level, Recording
from emostudio.data.report import Report
from emostudio.data.wording import COMMON
from emostudio.jobs.tuning import BASES

LEVEL = Level(-27.0, 0.5, 4.5)


def clips(
    n: int = 20,
    *,
    speaker: str = "anna",
    emotion: str = "neutral",
    text: str = "Words.",
    dev: int = 4,
    seconds: float = 5.0,
) -> list[Recording]:
    """Recordings of one speaker and emotion, each of a sentence of its own."""
    return [
        Recording(
            file=f"{speaker}-{emotion}-{number}.wav",
            source=f"{speaker}/{emotion}/{number}.wav",
            speaker=speaker,
            lang="en",
            emotion=emotion,
            seconds=seconds,
            sample_rate=16_000,
            level=LEVEL,
            split="dev" if number < dev else "train",
            text=text,
            said=f"{text} {speaker} {number}" if text else "",
            phonemes=frozenset({"w", "d", "z"}) if text else frozenset(),
        )
        for number in range(n)
    ]


def said(recordings: Sequence[Recording], **more: dict[str, str]) -> str:
    return "\n".join(check(recordings, **more).warnings)  # pyright: ignore


def test_clips_and_hours_are_those_of_the_parts() -> None:
    report = check([*clips(speaker="anna"), *clips(speaker="ben", emotion="sad", n=10)])
    assert (report.clips, report.splits) == (30, {"train": 22, "dev": 8})
    assert report.speakers == pytest.approx({"anna": 100 / 3600, "ben": 50 / 3600})
    assert report.hours == pytest.approx(sum(report.speakers.values()))
    assert report.emotions == {"neutral": {"anna": 20}, "sad": {"ben": 10}}
    assert report.silence == pytest.approx(0.1)
    assert report.rates == {"16000": 30} and report.langs == {"en": 30}


def test_a_report_comes_back_from_json_as_it_was() -> None:
    recordings = [*clips(), replace(clips()[0], level=replace(LEVEL, clipped=True))]
    report = check(recordings, refused={"x.wav": "It is silent."}, duplicates={"y": "z"})
    assert Report.from_json(json.loads(json.dumps(report.to_json()))) == report
    with pytest.raises(ValueError, match="no report of a corpus"):
        Report.from_json({"clips": 3})


def test_every_base_has_its_say() -> None:
    assert list(check(clips()).fits) == list(BASES)


def test_a_minute_with_words_makes_a_voice_and_less_does_not() -> None:
    assert check(clips(12)).fits["emomix"] == ""
    assert "the most that one speaker has is 55 s" in check(clips(11)).fits["diemo"]
    assert "the most that one speaker has is 0 s" in check(clips(text="")).fits["emomix"]
    two = [*clips(11, speaker="anna"), *clips(11, speaker="ben")]
    assert check(two).fits["emomix"]
    assert check(clips(emotion="smug")).fits["emomix"]  # nothing it could say with it


def test_a_recognizer_needs_two_emotions_and_no_words() -> None:
    acted = [*clips(8, emotion="smug", text=""), *clips(8, emotion="shy", text="")]
    assert check(acted).fits["ser"] == ""
    assert "only neutral has so many" in check(clips()).fits["ser"]
    assert "only neutral has so many" in check([*clips(), *clips(7, emotion="sad")]).fits["ser"]


def test_zest_needs_neutral_and_another_emotion_that_it_knows() -> None:
    assert check([*clips(), *clips(emotion="angry")]).fits["zest"] == ""
    for other in ("bored", "smug"):
        assert "only neutral has so many" in check([*clips(), *clips(emotion=other)]).fits["zest"]
    assert check([*clips(emotion="sad"), *clips(emotion="angry")]).fits["zest"]
    assert "none has so many" in check(clips(text="")).fits["zest"]


def test_a_vocoder_needs_a_minute_to_train_on() -> None:
    assert check(clips(16, text="")).fits["vocoder"] == ""
    assert "there are 55 s" in check(clips(15, text="")).fits["vocoder"]


def test_without_two_clips_held_out_nothing_can_be_compared() -> None:
    report = check([*clips(dev=1), *clips(emotion="sad", dev=0)])
    assert set(report.fits.values()) == {report.fits["ser"]}
    assert "there is 1" in report.fits["ser"] and not report.useful


def test_unknown_zest_emotion_is_that_of_its_config() -> None:
    from emostudio.data.fits import UNKNOWN_TO_ZEST
    from emostudio.models.zest.config import UNSEEN

    assert UNKNOWN_TO_ZEST == UNSEEN


def test_leaks_by_speaker_and_by_sentence_are_told_apart() -> None:
    apart = check([*clips(speaker="anna", dev=0), *clips(speaker="ben", dev=20)])
    assert not apart.leaks.speakers and not apart.leaks.sentences
    by_speaker = check(clips()).leaks
    assert (by_speaker.speakers, by_speaker.clips_of_speakers) == (("anna",), 4)
    assert not by_speaker.sentences
    same = [replace(one, said="Always this.") for one in apart_by_speaker()]
    by_sentence = check(same).leaks
    assert (by_sentence.sentences, by_sentence.clips_of_sentences) == (("always this",), 20)
    wordless = [replace(one, said="") for one in same]
    assert not check(wordless).leaks.sentences


def apart_by_speaker() -> list[Recording]:
    return [*clips(speaker="anna", dev=0), *clips(speaker="ben", dev=20)]


def test_one_voice_on_both_sides_is_no_leak_worth_a_warning() -> None:
    assert "train and dev" not in said(clips())
    assert "2 speakers are in train and dev" in said(
        [*clips(), *clips(speaker="ben", emotion="sad")]
    )


def test_each_trouble_has_its_warning_and_a_good_corpus_none_of_them() -> None:
    (one, *others) = clips()
    good = [replace(other, phonemes=COMMON["en"]) for other in others]
    assert check(good).warnings == ()
    troubles = {
        "1 clip is clipped, such as anna/neutral/0.wav": {"level": replace(LEVEL, clipped=True)},
        "1 clip is very quiet": {"level": replace(LEVEL, speech_db=-65.0)},
        "1 clip is longer than 20 s": {"seconds": 21.0},
        "1 clip is below 16000 Hz": {"sample_rate": 8_000},
        "1 clip is without text": {"text": "", "unspoken": "There is no word in it."},
        "New to the recognizer: smug": {"emotion": "smug"},
        "Too few clips to learn from: smug (1)": {"emotion": "smug", "split": "train"},
        "too little for a voice: ben": {"speaker": "ben"},
        "More than an hour with text: anna": {"seconds": 3600.0},
        "1 sentence is in train and dev": {"said": good[-1].said},
        "of the time is silence": {"level": replace(LEVEL, silent_s=80.0)},
    }
    for words, change in troubles.items():
        told = said([replace(one, **change), *good])  # pyright: ignore
        assert words in told, words
    assert "1 file is left out" in said(good, refused={"x.wav": "It is silent."})
    assert "The texts have 6% of the common sounds of 'en'; never said: aɪ aʊ" in said(clips())


def test_a_warning_names_a_few_and_the_report_all() -> None:
    loud = [replace(one, level=replace(LEVEL, clipped=True)) for one in clips()]
    assert said(loud).count(".wav") == 5 and "and others" in said(loud)
    assert len(check(loud).clipped) == 20
