"""Truths of the facade, on tiny untrained models: what is asked is what is done."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from emostudio import Clip, EmotionMix, Settings, Studio
from emostudio.__main__ import main
from emostudio.values import EMOTIONS, SYNTHETIC, Request
from tests import tiny
from tests.speech import vowels

TEXT = "We are all away."


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(checkpoints=tiny.checkpoints(tmp_path_factory.mktemp("checkpoints")))


@pytest.fixture(scope="module")
def studio(settings: Settings) -> Studio:
    return Studio(settings)


@pytest.fixture(scope="module")
def recording() -> Clip:
    return Clip(vowels(seconds=3.0), 16_000)


def samples(studio: Studio, text: str = TEXT, **settings: Any) -> np.ndarray:
    return studio.speak(text, **settings).clip.wav


def test_a_take_is_sound_with_a_passport(studio: Studio, tmp_path: Path) -> None:
    take = studio.speak(TEXT, emotion="happy=0.7,surprise=0.3", seed=3)
    assert take.clip.sample_rate == 16_000
    assert np.abs(take.clip.wav).max() > 0
    assert take.mel.shape[1] == len(take.f0) == len(take.clip.wav) // 256
    assert take.read_back.requested == pytest.approx({"happy": 0.7, "surprise": 0.3})
    assert sum(take.read_back.heard.probs.values()) == pytest.approx(1, abs=1e-4)
    take.save(tmp_path / "take.wav")
    passport = json.loads((tmp_path / "take.json").read_text())
    assert passport["request"]["text"] == TEXT
    assert set(passport["models"]) == {"emomix", "vocoder", "speaker", "ser"}
    import soundfile

    assert SYNTHETIC in soundfile.SoundFile(tmp_path / "take.wav").comment


def test_the_same_request_gives_the_same_take_and_another_seed_another(studio: Studio) -> None:
    assert np.array_equal(samples(studio, seed=7), samples(studio, seed=7))
    assert not np.array_equal(samples(studio, seed=7), samples(studio, seed=8))


def test_a_passport_gives_the_same_take_again(studio: Studio) -> None:
    first = studio.speak(TEXT, emotion="sad=0.6,angry=0.4", intensity=0.7, seed=11)
    passport = json.loads(json.dumps(first.passport))
    again = studio.speak(studio.request_of(passport))
    assert np.array_equal(first.clip.wav, again.clip.wav)
    assert again.passport["sha256"] == first.passport["sha256"]


def test_a_weight_of_zero_is_the_base_bit_for_bit(studio: Studio) -> None:
    alone = samples(studio, emotion="happy")
    assert np.array_equal(alone, samples(studio, emotion="happy=1,angry=0", base="happy"))


def test_no_intensity_is_neutral_whatever_the_emotion(studio: Studio) -> None:
    assert np.array_equal(
        samples(studio, emotion="angry", intensity=0.0), samples(studio, emotion="neutral")
    )


def test_emotion_intensity_base_and_voice_are_heard(studio: Studio) -> None:
    plain = samples(studio, emotion="angry")
    for change in (
        {"emotion": "sad"},
        {"emotion": "angry", "intensity": 0.5},
        {"emotion": "angry=0.5,sad=0.5", "base": "sad"},
        {"emotion": "angry", "voice": "kerstin"},
        {"emotion": "angry", "speed": 0.7},
        {"emotion": "angry", "n_timesteps": 2},
    ):
        assert not np.array_equal(plain, samples(studio, **change)), change


def test_half_the_speed_takes_about_twice_the_time(studio: Studio) -> None:
    ratio = len(samples(studio, speed=0.5)) / len(samples(studio, speed=1.0))
    assert ratio == pytest.approx(2, rel=0.15)


def test_a_long_text_is_its_sentences_in_turn(studio: Studio) -> None:
    text = "We are away. Are you all here? Yes!"
    request = Request(text=text, seed=5)
    takes = list(studio.speak_sentences(request))
    assert [take.request.text for take in takes] == ["We are away.", "Are you all here?", "Yes!"]
    whole = studio.speak(request)
    spoken = sum(len(take.clip.wav) for take in takes)
    assert len(whole.clip.wav) == pytest.approx(spoken + 2 * 0.3 * 16_000, abs=600)
    assert whole.passport["request"]["text"] == text
    # Each sentence's own passport makes it again, alone.
    again = studio.speak(studio.request_of(takes[1].passport))
    assert np.array_equal(again.clip.wav, takes[1].clip.wav)


def test_a_recorded_voice_needs_consent_and_keeps_it(studio: Studio, recording: Clip) -> None:
    with pytest.raises(ValueError, match="confirm that you may use it"):
        studio.speak(TEXT, reference=recording)
    take = studio.speak(TEXT, reference=recording, consent=True)
    assert take.passport["request"]["consent"] is True
    with pytest.raises(ValueError, match="give the same file again"):
        studio.request_of(take.passport)
    request = studio.request_of(take.passport, reference=recording)
    assert np.array_equal(studio.speak(request).clip.wav, take.clip.wav)


def test_an_emotion_is_taken_from_a_clip(studio: Studio, recording: Clip) -> None:
    take = studio.speak(TEXT, emotion_reference=recording, consent=True)
    assert take.read_back.requested == {"reference": 1.0}
    assert not np.array_equal(take.clip.wav, samples(studio))


def test_german_is_spoken(studio: Studio) -> None:
    assert len(samples(studio, "Wir sind alle da.", voice="kerstin", lang="de")) > 4000


def test_the_language_is_that_of_the_voice_unless_another_is_asked_for(studio: Studio) -> None:
    text = "Wir sind alle da."
    take = studio.speak(text, voice="kerstin")
    assert take.passport["request"]["lang"] == take.request.lang == "de"
    assert np.array_equal(take.clip.wav, samples(studio, text, voice="kerstin", lang="de"))
    english = studio.speak(text, voice="kerstin", lang="en")
    assert english.request.lang == "en"
    assert not np.array_equal(take.clip.wav, english.clip.wav)
    assert studio.speak(text).request.lang == "en"


def test_a_recorded_voice_is_english_unless_another_is_asked_for(
    studio: Studio, recording: Clip
) -> None:
    request = Request(TEXT, voice="kerstin", reference=recording, consent=True)
    assert studio.speak(request).request.lang == "en"
    german = dataclasses.replace(request, lang="de")
    assert studio.speak(german).request.lang == "de"


def test_sentences_and_the_whole_tell_the_language_that_was_left_to_the_voice(
    studio: Studio,
) -> None:
    request = Request("Wir sind da. Schön!", voice="kerstin")
    takes = list(studio.speak_sentences(request))
    whole = studio.join(request, takes)
    for take in (*takes, whole):
        assert take.request.lang == take.passport["request"]["lang"] == "de"
    again = studio.speak(studio.request_of(json.loads(json.dumps(whole.passport))))
    assert np.array_equal(again.clip.wav, whole.clip.wav)


def test_a_voice_on_the_command_line_speaks_its_language(studio: Studio, tmp_path: Path) -> None:
    out = tmp_path / "a.wav"
    assert main(["speak", "Schön.", "--voice", "kerstin", "--out", str(out)], studio=studio) == 0
    assert json.loads((tmp_path / "a.json").read_text())["request"]["lang"] == "de"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"text": "  "}, "nothing to speak"),
        ({"text": "?!…"}, "nothing to speak"),
        ({"text": "Привет мир"}, "Cyrillic"),
        ({"emotion": "joyful"}, "Unknown emotion 'joyful'"),
        ({"emotion": "happy=0,sad=0"}, "raise at least one"),
        ({"emotion": "happy=-1,sad=2"}, "0 or more"),
        ({"emotion": "happy=nan"}, "0 or more"),
        ({"voice": "nobody"}, "Unknown voice 'nobody'; choose from kathleen"),
        ({"intensity": 1.5}, "from 0 to 1"),
        ({"speed": 0.0}, "speed"),
        ({"seed": None}, "seed is None; give a number"),
        ({"reference": Clip(np.zeros(32_000, np.float32), 16_000), "consent": True}, "silent"),
        ({"reference": Clip(vowels(seconds=0.1), 16_000), "consent": True}, "at least 1 s"),
        ({"reference": Clip(vowels(seconds=70.0), 16_000), "consent": True}, "cut it"),
    ],
)
def test_what_cannot_be_spoken_is_said_in_words(
    studio: Studio, change: dict[str, Any], says: str
) -> None:
    arguments = {"text": TEXT} | change
    with pytest.raises(ValueError, match=says):
        studio.speak(arguments.pop("text"), **arguments)
    assert len(samples(studio)) > 0  # the next request works


@pytest.mark.parametrize(
    ("wav", "says"),
    [
        (np.zeros(16_000, np.float32), "silent"),
        (vowels(seconds=0.1), "at least 0.3 s"),
        (np.full(16_000, np.nan, np.float32), "no numbers"),
    ],
)
def test_what_cannot_be_recognized_is_said_in_words(
    studio: Studio, wav: np.ndarray, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        studio.recognize(Clip(wav, 16_000))


def test_recognition_takes_any_rate_and_length(studio: Studio) -> None:
    for rate, seconds in ((8_000, 1.0), (48_000, 1.0), (16_000, 30.0)):
        guess = studio.recognize(Clip(vowels(seconds=seconds), rate))
        assert guess.label in EMOTIONS
        assert 0 <= guess.affect.arousal <= 1


def test_a_missing_or_damaged_checkpoint_is_named(settings: Settings, tmp_path: Path) -> None:
    for damage in ("missing", "damaged"):
        folder = tmp_path / damage
        shutil.copytree(settings.checkpoints, folder)
        weights = folder / "vocoder" / "model.safetensors"
        weights.unlink() if damage == "missing" else weights.write_bytes(b"noise")
        broken = Studio(dataclasses.replace(settings, checkpoints=folder))
        with pytest.raises(ValueError, match=f"'vocoder'.*{damage}"):
            broken.speak(TEXT)
    with pytest.raises(ValueError, match="'emomix' is missing"):
        Studio(dataclasses.replace(settings, checkpoints=tmp_path / "none")).voices()


def test_engines_are_those_whose_checkpoint_is_here(settings: Settings, tmp_path: Path) -> None:
    assert list(Studio(settings).engines()) == ["emomix", "diemo"]
    for name, other in (("diemo", "emomix"), ("emomix", "diemo")):
        folder = tmp_path / other
        shutil.copytree(settings.checkpoints, folder)
        shutil.rmtree(folder / name)
        alone = Studio(dataclasses.replace(settings, checkpoints=folder))
        assert list(alone.engines()) == [other]
        with pytest.raises(ValueError, match=f"'{name}' is missing"):
            alone.speak(TEXT, engine=name)
        # The other speaks all the same, and what it brings recognizes.
        take = alone.speak(TEXT, engine=other)
        assert alone.recognize(take.clip).probs == take.read_back.heard.probs


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_a_device_that_is_not_there_is_said_in_words(settings: Settings) -> None:
    with pytest.raises(ValueError, match="no CUDA device here"):
        Studio(dataclasses.replace(settings, device="cuda")).speak(TEXT)


def test_own_models_are_spoken_with(settings: Settings, studio: Studio, tmp_path: Path) -> None:
    own = tiny.checkpoints(tmp_path / "own", seed=1)
    shutil.rmtree(own / "ser")
    other = Studio(dataclasses.replace(settings, models=str(own)))
    assert other.emotions() == EMOTIONS
    assert not np.array_equal(samples(other), samples(studio))


def test_a_mix_of_objects_is_the_mix_of_text(studio: Studio) -> None:
    mix = EmotionMix.of(sad=7, angry=3)
    assert np.array_equal(
        samples(studio, emotion=mix), samples(studio, emotion="sad=0.7,angry=0.3")
    )


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_a_gpu_speaks_what_a_cpu_speaks(settings: Settings, studio: Studio) -> None:
    there = Studio(dataclasses.replace(settings, device="cuda"))
    here, far = studio.speak(TEXT, seed=1), there.speak(TEXT, seed=1)
    assert here.mel.shape == far.mel.shape
    assert np.abs(here.mel - far.mel).max() < 1e-2


# --- convert


def test_a_conversion_is_sound_with_a_passport_that_gives_it_again(
    studio: Studio, recording: Clip, tmp_path: Path
) -> None:
    reference = Clip(vowels(220.0, 2.0), 16_000)
    result = studio.convert(
        recording, emotion="happy=0.7,sad=0.3", emotion_reference=reference, consent=True, seed=3
    )
    assert len(result.clip.wav) == len(recording.wav) // 256 * 256
    assert len(result.result.f0) == len(result.source.f0) == result.mel.shape[1]
    assert sum(result.read_back.requested.values()) == pytest.approx(1)
    assert result.read_back.words_unlike >= 0
    result.save(tmp_path / "result.wav")
    passport = json.loads((tmp_path / "result.json").read_text())
    assert set(passport["models"]) == {"zest", "content", "vocoder", "speaker", "ser"}
    again = studio.conversion_of(passport, source=recording, emotion_reference=reference)
    assert np.array_equal(studio.convert(again).clip.wav, result.clip.wav)


def test_a_passport_of_a_conversion_wants_the_same_recording(
    studio: Studio, recording: Clip
) -> None:
    passport = studio.convert(recording, emotion="sad", consent=True).passport
    for other in (None, Clip(vowels(seed=5), 16_000)):
        with pytest.raises(ValueError, match="give the same file again"):
            studio.conversion_of(passport, source=other)
    with pytest.raises(ValueError, match="not a passport"):
        studio.conversion_of({"request": {}}, source=recording)


def test_a_long_recording_comes_in_parts_that_join(studio: Studio) -> None:
    from emostudio.conversion import Conversion

    long = Clip(np.concatenate([vowels(seconds=4.0, seed=n) for n in range(4)]), 16_000)
    request = Conversion(long, consent=True, emotion=EmotionMix.of(angry=1))
    parts = list(studio.convert_parts(request))
    assert len(parts) > 1
    whole = studio.convert(request)
    joined = np.concatenate([part.clip.wav for part in parts])
    assert np.array_equal(whole.clip.wav, joined)
    assert len(whole.clip.wav) == len(long.wav) // 256 * 256


def test_bored_can_be_recognized_and_not_named(studio: Studio) -> None:
    assert set(studio.convertible()) == set(EMOTIONS) - {"bored"}
