"""Truths of the values that travel, and every bad input in words."""

import json
import math
import shutil
import tracemalloc
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from emostudio.values import (
    EMOTIONS,
    MAX_TEXT,
    NAMED_MIXES,
    SYNTHETIC,
    Affect,
    Clip,
    EmotionMix,
    Prediction,
    ReadBack,
    Request,
    Take,
)

NEEDS_FFMPEG = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")


def tone(seconds: float = 1.0, sample_rate: int = 16_000) -> np.ndarray:
    time = np.arange(int(seconds * sample_rate)) / sample_rate
    return (0.5 * np.sin(2 * np.pi * 220 * time)).astype(np.float32)


# --- mixes


def test_a_mix_of_one_emotion_is_that_emotion() -> None:
    for name in EMOTIONS:
        assert EmotionMix.from_weights({name: 3}).shares == ((name, 1.0),)


def test_shares_sum_to_one_and_order_does_not_matter() -> None:
    mix = EmotionMix.of(sad=7, angry=3)
    assert math.fsum(share for _, share in mix.shares) == pytest.approx(1)
    assert mix == EmotionMix.of(angry=3, sad=7)
    assert hash(mix) == hash(EmotionMix.of(angry=0.3, sad=0.7))
    assert (mix.top, mix["sad"], mix["happy"]) == ("sad", 0.7, 0.0)


def test_an_emotion_of_weight_zero_takes_no_part() -> None:
    assert EmotionMix.of(happy=1, sad=0) == EmotionMix.of(happy=1)


def test_all_emotions_can_be_mixed() -> None:
    mix = EmotionMix.from_weights(dict.fromkeys(EMOTIONS, 1.0))
    assert [name for name, _ in mix.shares] == list(EMOTIONS)


def test_huge_and_tiny_weights_are_weights() -> None:
    assert EmotionMix.of(happy=1e308, sad=1e308)["sad"] == 0.5
    assert EmotionMix.of(happy=1e-300, sad=1e-300)["sad"] == 0.5


def test_shares_stay_the_same_to_the_last_bit() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        mix = EmotionMix.from_weights(dict(zip(EMOTIONS, rng.random(9).tolist(), strict=True)))
        assert EmotionMix.from_weights(dict(mix.shares)) == mix


def test_what_a_mix_writes_it_reads() -> None:
    mix = EmotionMix.of(happy=0.7, surprise=0.3)
    assert EmotionMix.parse(str(mix)) == mix
    assert EmotionMix.parse(" happy = 0.7 , surprise = 0.3 ") == mix
    assert EmotionMix.parse("happy") == EmotionMix.of(happy=1)
    assert EmotionMix.parse(mix) is mix


@pytest.mark.parametrize("name", NAMED_MIXES)
def test_named_mixes_are_mixes(name: str) -> None:
    assert EmotionMix.parse(name) == EmotionMix.from_weights(NAMED_MIXES[name])


def test_intensity_blends_towards_neutral() -> None:
    mix = EmotionMix.of(happy=0.5, neutral=0.5)
    assert mix.at_intensity(1) == mix
    assert mix.at_intensity(0) == EmotionMix.of(neutral=1)
    assert mix.at_intensity(0.5) == EmotionMix.of(neutral=0.75, happy=0.25)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"joy": 1}, "Unknown emotion 'joy'; choose from neutral, calm, happy"),
        ({"happy": -1}, "weight of 'happy' is -1"),
        ({"happy": math.nan}, "weight of 'happy' is nan"),
        ({"happy": math.inf}, "weight of 'happy' is inf"),
        ({"happy": 0, "sad": 0}, "All emotion weights are zero"),
        ({}, "All emotion weights are zero"),
    ],
)
def test_a_bad_weight_is_refused_in_words(weights: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        EmotionMix.from_weights(weights)


@pytest.mark.parametrize("text", ["happy=much", "happy=-1", "happy=nan", "joy", "", "happy,,sad"])
def test_a_bad_mix_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"weight|emotion"):
        EmotionMix.parse(text)


def test_an_emotion_that_stands_twice_in_a_mix_is_refused_and_not_halved() -> None:
    with pytest.raises(ValueError, match="has 'happy' twice; give each emotion one weight"):
        EmotionMix.parse("happy=0.5,happy =0.5,sad=0.5")


@pytest.mark.parametrize("intensity", [-0.1, 1.1, math.nan])
def test_a_bad_intensity_is_refused(intensity: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        EmotionMix.of(happy=1).at_intensity(intensity)


# --- requests


def test_a_request_is_frozen_and_equal_by_value() -> None:
    reference = Clip(tone(), 16_000)
    same = Clip(tone(), 16_000)
    request = Request("Hello", reference=reference, consent=True)
    assert request == replace(request, reference=same)
    assert hash(request) == hash(replace(request, reference=same))
    assert request != replace(request, reference=Clip(tone(), 8_000))
    with pytest.raises(FrozenInstanceError):
        request.seed = 1  # pyright: ignore[reportAttributeAccessIssue]


def test_settings_of_a_request_are_json_and_keep_consent_but_no_recording() -> None:
    request = Request("Hello", reference=Clip(tone(), 16_000), consent=True)
    settings = json.loads(json.dumps(request.settings()))
    assert settings["consent"] is True
    assert "reference" not in settings and "emotion_reference" not in settings
    assert settings["emotion"] == {"neutral": 1.0}
    settings["emotion"] = EmotionMix.from_weights(settings["emotion"])
    assert Request(**settings, reference=request.reference) == request


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"text": ""}, "nothing to speak"),
        ({"text": " \n"}, "nothing to speak"),
        ({"text": "?! … 😀"}, "nothing to speak"),
        ({"text": "a" * (MAX_TEXT + 1)}, r"5001 characters; 5000 is the limit"),
        ({"lang": "fr"}, "Unknown language 'fr'; choose from en, de"),
        ({"base": "joy"}, "Unknown base emotion 'joy'; choose from neutral"),
        ({"tail": "none"}, "Unknown tail 'none'; choose mix or published"),
        ({"reference": Clip(tone(), 16_000)}, "confirm that you may use it"),
        ({"emotion_reference": Clip(tone(), 16_000)}, "confirm that you may use it"),
        ({"intensity": 1.5}, "intensity is 1.5; give a number from 0 to 1"),
        ({"intensity": math.nan}, "intensity is nan"),
        ({"speed": 0}, "speed is 0; give a number from 0.5 to 2"),
        ({"speed": math.inf}, "speed is inf"),
        ({"n_timesteps": -1}, "steps is -1"),
        ({"n_timesteps": 101}, "steps is 101"),
        ({"n_timesteps": 2.5}, "steps is 2.5; give a whole number"),
        ({"temperature": -1}, "temperature is -1"),
        ({"temperature": math.nan}, "temperature is nan"),
        ({"k_max": 1.1}, "K_max is 1.1"),
        ({"k_max": math.nan}, "K_max is nan"),
        ({"k_max": 0.3, "k_min": 0.4}, "K_min is 0.4; give a number from 0 to 0.3"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**32}, "seed is 4294967296"),
        ({"seed": 0.5}, "seed is 0.5; give a whole number"),
        ({"text": None}, "text is None; give a text"),
        ({"text": b"Hello"}, "text is b'Hello'; give a text"),
        ({"voice": None}, "voice is None; give a text"),
        ({"lang": None}, "lang is None; give a text"),
        ({"seed": None}, "seed is None; give a number"),
        ({"seed": True}, "seed is True; give a number"),
        ({"speed": "fast"}, "speed is 'fast'; give a number"),
        ({"k_min": [0.2]}, r"k_min is \[0.2\]; give a number"),
        ({"consent": "no"}, "consent is 'no'; give True or False"),
        ({"emotion": "happy"}, "emotion is 'happy'; give an EmotionMix"),
        ({"reference": "voice.wav", "consent": True}, "reference is 'voice.wav'; give a Clip"),
    ],
)
def test_a_bad_request_is_refused_in_words(fields: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Request(**{"text": "Hello", **fields})


# --- clips


@pytest.mark.parametrize(("suffix", "sample_rate"), [("wav", 96_000), ("flac", 8_000)])
def test_a_saved_clip_loads_equal(tmp_path: Path, suffix: str, sample_rate: int) -> None:
    clip = Clip(tone(0.5, sample_rate), sample_rate)
    loaded = Clip.load(clip.save(tmp_path / f"clip.{suffix}"))
    assert loaded.sample_rate == sample_rate
    assert loaded.duration_s == 0.5
    np.testing.assert_allclose(loaded.wav, clip.wav, atol=1e-4)


def test_stereo_is_averaged(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "stereo.wav", np.stack([tone(), -tone()], axis=1), 16_000)
    clip = Clip.load(tmp_path / "stereo.wav")
    assert clip.wav.shape == (16_000,)
    assert np.abs(clip.wav).max() < 1e-3


@pytest.mark.parametrize("suffix", ["mp3", "ogg"])
def test_compressed_sound_is_read(tmp_path: Path, suffix: str) -> None:
    soundfile.write(tmp_path / f"a.{suffix}", tone(), 16_000)
    assert Clip.load(tmp_path / f"a.{suffix}").duration_s == pytest.approx(1, abs=0.1)


@NEEDS_FFMPEG
@pytest.mark.parametrize("suffix", ["m4a", "webm"])
def test_what_phones_and_browsers_record_is_read(tmp_path: Path, suffix: str) -> None:
    import subprocess

    wav = Clip(tone(), 16_000).save(tmp_path / "a.wav")
    path = tmp_path / f"a.{suffix}"
    subprocess.run(["ffmpeg", "-v", "error", "-i", wav, path], check=True)
    assert Clip.load(path).duration_s == pytest.approx(1, abs=0.1)


def test_m4a_without_ffmpeg_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.m4a").write_bytes(b"\0\0\0\x20ftypM4A \0\0\0\0" + bytes(100))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError, match="m4a and webm need ffmpeg"):
        Clip.load(tmp_path / "a.m4a")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"This is a letter, not sound.",
        b"RIFF\xff\xff\xff\xffWAVEfmt ",
        b"#EXTM3U\nother.aac\n",
    ],
)
def test_a_file_that_is_not_sound_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "letter.wav").write_bytes(content)
    with pytest.raises(ValueError, match=r"letter\.wav is not a sound file"):
        Clip.load(tmp_path / "letter.wav")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.wav", tmp_path):
        with pytest.raises(ValueError, match="There is no file"):
            Clip.load(path)


def test_500_mb_are_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    with path.open("wb") as file:
        file.truncate(500 * 2**20)
    with pytest.raises(ValueError, match=r"larger than 100 MB\. Cut it"):
        Clip.load(path)


def test_an_hour_in_a_small_file_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "hour.flac"
    with soundfile.SoundFile(path, "w", samplerate=8_000, channels=1) as file:
        for _ in range(60):
            file.write(np.zeros(60 * 8_000, np.int16))
    assert path.stat().st_size < 2**20
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"longer than 10 minutes\. Cut it to the seconds"):
            Clip.load(path)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_ten_minutes_are_read(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", np.zeros(600 * 4_000, np.int16), 4_000)
    assert Clip.load(tmp_path / "a.flac").duration_s == 600


@NEEDS_FFMPEG
def test_an_hour_in_a_film_is_refused_too(tmp_path: Path) -> None:
    import subprocess

    path = tmp_path / "hour.m4a"
    silence = ["-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "3600"]
    subprocess.run(["ffmpeg", "-v", "error", *silence, "-b:a", "8k", path], check=True)
    with pytest.raises(ValueError, match="longer than 10 minutes"):
        Clip.load(path)


@NEEDS_FFMPEG
def test_a_stream_whose_header_does_not_tell_its_length_is_read(tmp_path: Path) -> None:
    path = Clip(tone(), 16_000).save(tmp_path / "a.flac")
    head = bytearray(path.read_bytes())
    head[21] &= 0xF0  # the 36 bits that count samples; none means unknown
    head[22:26] = bytes(4)
    path.write_bytes(head)
    assert soundfile.info(path).frames > 2**62
    assert Clip.load(path).duration_s == pytest.approx(1, abs=0.01)


def test_more_channels_than_a_person_has_ears_are_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros((10, 100), np.float32), 16_000)
    with pytest.raises(ValueError, match=r"100 channels of 16000 samples a second\. Save"):
        Clip.load(tmp_path / "a.wav")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none/a\.wav can't be written; choose a folder"):
        Clip(tone(), 16_000).save(tmp_path / "none" / "a.wav")


def test_too_loud_samples_are_limited_when_saved(tmp_path: Path) -> None:
    path = Clip(np.array([2.0, -2.0] * 100, np.float32), 16_000).save(tmp_path / "a.wav")
    assert np.abs(Clip.load(path).wav).max() <= 1


def test_a_saved_take_says_that_it_is_synthetic_and_brings_its_passport(tmp_path: Path) -> None:
    heard = Prediction("happy", {"happy": 1.0}, Affect(0.5, 0.5, 0.5), np.zeros(4))
    take = Take(
        clip=Clip(tone(), 16_000),
        request=Request("Schön!"),
        passport={"notice": SYNTHETIC, "request": Request("Schön!").settings()},
        read_back=ReadBack({"happy": 1.0}, heard, 0.8),
        mel=np.zeros((80, 63)),
        f0=np.zeros(63),
    )
    path = take.save(tmp_path / "take.wav")
    with soundfile.SoundFile(path) as file:
        assert file.comment == SYNTHETIC
    passport = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert passport == take.passport
