"""What may be asked of a conversion, and what its parts come to."""

from typing import Any

import numpy as np
import pytest

from emostudio.conversion import Comparison, Conversion, Converted, Tracks, joined
from emostudio.values import Affect, Clip, EmotionMix, Prediction

SOURCE = Clip(np.zeros(16_000, np.float32), 16_000)
HAPPY = EmotionMix.of(happy=1)


def conversion(**settings: Any) -> Conversion:
    given = {"source": SOURCE, "consent": True, "emotion": HAPPY} | settings
    return Conversion(**given)


def converted(seconds: float = 1.0, likeness: float = 0.8, **back: Any) -> Converted:
    n_frames = round(seconds * 62.5)
    heard = Prediction("happy", {"happy": 1.0}, Affect(0.5, 0.5, 0.5), np.zeros(2))
    tracks = Tracks(np.full(n_frames, 100.0), np.zeros(n_frames))
    numbers: dict[str, Any] = {"intensity": 1.0, "speech_share": 0.5} | back
    read_back = Comparison({"happy": 1.0}, heard, heard, None, likeness, 0.9, 0.1, **numbers)
    clip = Clip(np.zeros(n_frames * 256, np.float32), 16_000)
    mel = np.zeros((80, n_frames))
    return Converted(clip, conversion(), {}, read_back, mel, tracks, tracks, None)


def test_a_recorded_voice_needs_consent() -> None:
    with pytest.raises(ValueError, match="confirm that you may use it"):
        conversion(consent=False)


def test_an_emotion_must_be_asked_for() -> None:
    with pytest.raises(ValueError, match="No emotion is asked for"):
        conversion(emotion=None)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"intensity": 1.5}, "intensity is 1.5"),
        ({"intensity": float("nan")}, "intensity is nan"),
        ({"intensity": True}, "intensity is True"),
        ({"floor": -0.1}, "floor is -0.1"),
        ({"reference_share": 2}, "reference share is 2"),
        ({"rhythm": "fast"}, "choose source or emotion"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 1.5}, "whole number"),
        ({"drawn": ((0.1, 20.0),)}, "stay in 60 to 600"),
        ({"drawn": ((0.1, float("inf")),)}, "no .seconds, Hz. pair"),
    ],
)
def test_what_is_out_of_range_is_told(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        conversion(**wrong)


@pytest.mark.parametrize("intensity", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("reference", [None, SOURCE])
@pytest.mark.parametrize("mix", [None, EmotionMix.of(happy=3, sad=1)])
def test_shares_sum_to_one(
    intensity: float, reference: Clip | None, mix: EmotionMix | None
) -> None:
    if reference is None and mix is None:
        return
    asked = conversion(emotion=mix, emotion_reference=reference, intensity=intensity)
    assert sum(asked.shares.values()) == pytest.approx(1)


def test_at_no_intensity_neutral_alone_is_asked() -> None:
    assert conversion(emotion_reference=SOURCE, intensity=0.0).shares == {"neutral": 1.0}


def test_recording_and_mixture_count_by_the_share() -> None:
    asked = conversion(emotion_reference=SOURCE, reference_share=0.25)
    assert asked.shares == {"reference": 0.25, "happy": 0.75}


def test_parts_join_in_order_and_likeness_counts_by_voiced_frames() -> None:
    whole = joined([converted(1.024, 0.9), converted(3.072, 0.5)])
    assert whole.clip.duration_s == pytest.approx(4.096)
    assert whole.mel.shape[1] == len(whole.result.f0) == len(whole.source.energy) == 256
    assert whole.read_back.voice_similarity == pytest.approx(0.6)


def test_a_person_is_warned_of_little_speech_and_of_a_lowered_intensity() -> None:
    assert converted().warnings == ()
    (little,) = converted(speech_share=0.05).warnings
    assert "5%" in little
    (music,) = converted(speech_share=0.99).warnings
    assert "music" in music
    (guard,) = converted(intensity=0.4).warnings
    assert "lowered to 40%" in guard
