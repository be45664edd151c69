"""Truths of DiEmo-TTS as an engine, on tiny untrained nets."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from emostudio import Clip, EmotionMix, Settings, Studio
from emostudio.engines.diemo import DiEmoEngine, along
from emostudio.engines.takes import portion
from emostudio.models.checkpoint import Store
from emostudio.values import EMOTIONS, Request
from tests import tiny
from tests.speech import vowels

TEXT = "We are all away."


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.checkpoints(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture(scope="module")
def engine(root: Path) -> DiEmoEngine:
    return DiEmoEngine(Store(root))


@pytest.fixture(scope="module")
def studio(root: Path) -> Studio:
    return Studio(Settings(checkpoints=root))


def asked(**settings: Any) -> Request:
    return Request(TEXT, lang="en", engine="diemo", **settings)


def mel(engine: DiEmoEngine, **settings: Any) -> np.ndarray:
    request = asked(**settings)
    return engine.speak(request, engine.voice_of(request), engine.manner_of(request)).mel


def place(engine: DiEmoEngine, name: str) -> tuple[float, ...]:
    means, emotions = engine.model.emotion_means, engine.model.config.emotions
    return tuple(means[emotions.index(name)].tolist())


def test_a_take_by_diemo_is_what_a_take_is_and_its_passport_gives_it_again(studio: Studio) -> None:
    take = studio.speak(TEXT, engine="diemo", emotion="happy=0.7,sad=0.3", intensity=0.8, seed=3)
    assert take.mel.shape[1] == len(take.f0) == len(take.clip.wav) // 256
    assert take.read_back.requested == pytest.approx({"neutral": 0.2, "happy": 0.56, "sad": 0.24})
    assert set(take.passport["models"]) == {"diemo", "vocoder", "speaker", "ser"}
    assert take.passport["request"]["engine"] == "diemo"
    again = studio.speak(studio.request_of(take.passport))
    assert np.array_equal(again.clip.wav, take.clip.wav)
    other = studio.speak(replace(take.request, engine="emomix"))
    assert set(other.passport["models"]) == {"emomix", "vocoder", "speaker", "ser"}


def test_the_seed_changes_breath_alone(engine: DiEmoEngine, studio: Studio) -> None:
    assert np.array_equal(mel(engine, seed=1), mel(engine, seed=2))
    one, two = (studio.speak(TEXT, engine="diemo", seed=seed).clip.wav for seed in (1, 2))
    assert len(one) == len(two) and not np.array_equal(one, two)


def test_emotion_intensity_voice_and_speed_are_heard(engine: DiEmoEngine) -> None:
    plain = mel(engine, emotion=EmotionMix.of(angry=1))
    for change in (
        {"emotion": EmotionMix.of(sad=1)},
        {"emotion": EmotionMix.of(angry=1), "intensity": 0.5},
        {"emotion": EmotionMix.of(angry=1), "voice": "kerstin"},
        {"emotion": EmotionMix.of(angry=1), "speed": 0.7},
    ):
        assert not np.array_equal(plain, mel(engine, **change)), change


def test_what_steers_a_diffusion_changes_nothing(engine: DiEmoEngine) -> None:
    settings = {"n_timesteps": 9, "temperature": 2.0, "k_max": 0.9, "base": "bored"}
    assert np.array_equal(mel(engine), mel(engine, **settings))


def test_the_place_of_an_emotion_speaks_that_emotion(engine: DiEmoEngine) -> None:
    happy = mel(engine, emotion=EmotionMix.of(happy=1))
    there = place(engine, "happy")
    for path in ((there,), (there, there)):
        assert mel(engine, emotion_path=path) == pytest.approx(happy, abs=1e-3)


def test_a_mixture_lies_between_its_emotions(engine: DiEmoEngine) -> None:
    half = [(a + b) / 2 for a, b in zip(place(engine, "sad"), place(engine, "fear"), strict=True)]
    mixed = mel(engine, emotion=EmotionMix.of(sad=1, fear=1))
    assert mel(engine, emotion_path=(tuple(half),)) == pytest.approx(mixed, abs=1e-3)


def test_no_intensity_is_neutral_wherever_the_emotion_comes_from(engine: DiEmoEngine) -> None:
    neutral = mel(engine)
    clip = Clip(vowels(seconds=2.0), 16_000)
    for emotion in (
        {"emotion": EmotionMix.of(angry=1)},
        {"emotion_reference": clip, "consent": True},
        {"emotion_path": (place(engine, "angry"), place(engine, "sad"))},
    ):
        assert mel(engine, intensity=0.0, **emotion) == pytest.approx(neutral, abs=1e-5)
    assert engine.manner_of(asked(intensity=0.0, emotion_reference=clip, consent=True)).shares == {
        "neutral": 1.0
    }


def test_an_emotion_is_taken_from_a_clip(engine: DiEmoEngine) -> None:
    clip = Clip(vowels(seconds=2.0), 16_000)
    request = asked(emotion_reference=clip, consent=True, intensity=0.75)
    assert engine.manner_of(request).requested() == {"reference": 0.75, "neutral": 0.25}
    heard = engine.model.embed(engine.mel_of(clip))[0]
    there = mel(engine, emotion_path=(tuple(heard.tolist()),), intensity=0.75)
    taken = mel(engine, emotion_reference=clip, consent=True, intensity=0.75)
    assert taken == pytest.approx(there, abs=1e-3)


def test_a_path_is_passed_evenly_from_first_to_last() -> None:
    passed = along(torch.tensor([[0.0], [1.0], [3.0]]), 5)
    assert passed.flatten().tolist() == [0.0, 0.5, 1.0, 2.0, 3.0]
    assert along(torch.tensor([[2.0]]), 3).flatten().tolist() == [2.0] * 3


def test_sentences_pass_a_path_together(studio: Studio) -> None:
    path = ((0.0,) * 16, (1.0,) * 16)
    request = Request("We are. Yes, we are away.", engine="diemo", emotion_path=path)
    first, second = (take.request.emotion_path for take in studio.speak_sentences(request))
    assert (first[0], second[-1]) == path
    assert first[-1] == second[0]
    assert 0 < first[-1][0] < 0.5  # the first is the shorter one
    whole = studio.speak(request)
    assert studio.request_of(json.loads(json.dumps(whole.passport))) == whole.request
    assert whole.request.emotion_path == path
    assert whole.read_back.requested == {"path": 1.0}


def test_portions_meet_where_they_part() -> None:
    path = ((0.0, 0.0), (4.0, 0.0), (4.0, 4.0))
    one, two = portion(path, 0.0, 0.5), portion(path, 0.5, 1.0)
    assert one == ((0.0, 0.0), (2.0, 0.0), (4.0, 0.0))
    assert two == ((4.0, 0.0), (4.0, 2.0), (4.0, 4.0))
    assert portion(path[:1], 0.2, 0.4) == path[:1]


def test_a_place_moves_rate_and_pitch_as_the_emotion_it_is_nearest_to(engine: DiEmoEngine) -> None:
    (near,) = engine.near(torch.tensor([place(engine, "sad")]))
    assert max(near, key=lambda name: near[name]) == "sad"
    assert sum(near.values()) == pytest.approx(1, abs=1e-5)
    config, plain = engine.model.config, mel(engine, emotion_path=(place(engine, "sad"),))
    slower = tuple(0.7 * (name == "sad") for name in EMOTIONS)
    try:
        engine.model.config = replace(config, duration_offsets=slower, pitch_offsets=slower)
        sad = engine.manner_of(asked(emotion_path=(place(engine, "sad"),)))
        named = engine.manner_of(asked(emotion=EmotionMix.of(sad=1)))
        stretched = mel(engine, emotion_path=(place(engine, "sad"),))
    finally:
        engine.model.config = config
    assert named.offsets.flatten().tolist() == pytest.approx([0.7, 0.7])
    assert sad.offsets[0, 0] > 0.5
    assert stretched.shape[1] > 1.5 * plain.shape[1]


def test_what_cannot_be_spoken_is_said_in_words(engine: DiEmoEngine, studio: Studio) -> None:
    with pytest.raises(ValueError, match="places have 2 numbers, those of this checkpoint 16"):
        engine.manner_of(asked(emotion_path=((0.0, 1.0),)))
    with pytest.raises(ValueError, match="Unknown voice 'nobody'; choose from kathleen"):
        studio.speak(TEXT, voice="nobody", engine="diemo")
