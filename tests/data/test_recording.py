"""What is measured of a sound is what was put into it."""

import numpy as np
import pytest

from emostudio.data.recording import QUIET_DB, measure
from tests.speech import SAMPLE_RATE, vowels


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


def test_level_follows_gain() -> None:
    loud, faint = (measure(vowels(level=level), SAMPLE_RATE) for level in (0.5, 0.05))
    assert loud.speech_db - faint.speech_db == pytest.approx(20, abs=0.1)
    assert faint.speech_db > QUIET_DB > measure(vowels(level=0.002), SAMPLE_RATE).speech_db


def test_silence_around_speech_is_counted_and_is_no_speech() -> None:
    speech = vowels(seconds=2.0)
    alone = measure(speech, SAMPLE_RATE)
    within = measure(np.concatenate([silence(1.0), speech, silence(0.5)]), SAMPLE_RATE)
    assert within.silent_s - alone.silent_s == pytest.approx(1.5, abs=0.05)
    assert within.spoken_s == pytest.approx(alone.spoken_s, abs=0.05)
    assert within.speech_db == pytest.approx(alone.speech_db, abs=0.2)


def test_what_stays_at_full_scale_is_clipped_and_what_touches_it_is_not() -> None:
    speech = vowels() / np.abs(vowels()).max()
    assert not measure(speech, SAMPLE_RATE).clipped
    assert measure(np.clip(4 * speech, -1, 1), SAMPLE_RATE).clipped


@pytest.mark.parametrize("sample_rate", [8_000, 44_100, 48_000])
def test_the_sample_rate_changes_no_duration(sample_rate: int) -> None:
    time = np.arange(2 * sample_rate) / sample_rate
    tone = (0.2 * np.sin(2 * np.pi * 200 * time)).astype(np.float32)
    assert measure(tone, sample_rate).spoken_s == pytest.approx(2.0, abs=0.02)


@pytest.mark.parametrize(
    ("wav", "words"),
    [
        (vowels(seconds=0.3), r"lasts 0\.30 s\. Give clips of 0\.5 s"),
        (np.zeros(0, np.float32), "lasts 0.00 s"),
        (vowels(seconds=61), "lasts 61 s. Cut it into sentences"),
        (silence(2), "is silent"),
        (1e-4 * vowels(), "is silent"),
        (np.full(SAMPLE_RATE, np.nan, np.float32), "no numbers"),
    ],
)
def test_what_nothing_can_be_learned_from_is_refused_in_words(wav: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        measure(wav, SAMPLE_RATE)
