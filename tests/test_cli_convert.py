"""The command `convert`: what people type, what they get, what they are told."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from emostudio.__main__ import main
from emostudio.values import SYNTHETIC, Clip
from tests.web.fake_studio import FakeStudio


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, step in (("voice", 20), ("excited", 10)):
        (tmp_path / "d.zip").mkdir(exist_ok=True)
        Clip(np.sin(np.arange(32_000) / step).astype(np.float32) / 2, 16_000).save(f"{name}.wav")
    return tmp_path


def run(*argv: str | Path, consent: bool = True) -> int:
    words = [str(word) for word in argv] + ["--i-have-consent"] * consent
    return main(["convert", *words], studio=FakeStudio())  # pyright: ignore[reportArgumentType]


def passport(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_recording_becomes_a_file_and_its_passport(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("voice.wav", "--mix", "angry", "--floor", "0", "--out", "angry.wav") == 0
    assert Clip.load(here / "angry.wav").duration_s == pytest.approx(2, abs=0.05)
    assert passport(here / "angry.json")["notice"] == SYNTHETIC
    assert "asked angry=1" in capsys.readouterr().out


def test_every_option_reaches_the_conversion(here: Path) -> None:
    options = "--mix happy --emotion-reference excited.wav --reference-share 0.7 --intensity 0.5"
    options += " --floor 0.1 --rhythm emotion --seed 7"
    assert run("voice.wav", *options.split()) == 0
    assert passport(here / "converted.json")["conversion"] == {
        "emotion": {"happy": 1.0},
        "reference_share": 0.7,
        "intensity": 0.5,
        "floor": 0.1,
        "rhythm": "emotion",
        "drawn": [],
        "until_s": 0.0,
        "seed": 7,
        "engine": "zest",
        "consent": True,
    }


def test_a_passport_gives_the_result_again(here: Path) -> None:
    assert run("voice.wav", "--mix", "sad=0.4,fear=0.6", "--seed", "3", "--out", "one.wav") == 0
    assert run("voice.wav", "--passport", "one.json", "--out", "two.wav") == 0
    assert passport(here / "one.json")["sha256"] == passport(here / "two.json")["sha256"]


def test_several_recordings_become_a_zip_and_one_that_fails_stops_no_other(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "broken.wav").write_bytes(b"no sound")
    assert run("voice.wav", "broken.wav", "excited.wav", "--mix", "sad", "--out", "sad.zip") == 2
    names = zipfile.ZipFile(here / "sad.zip").namelist()
    assert names == [
        f"{stem}-converted.{kind}" for stem in ("voice", "excited") for kind in ("wav", "json")
    ]
    assert "broken.wav" in capsys.readouterr().err


def test_a_mistake_loses_no_older_zip(here: Path) -> None:
    assert run("voice.wav", "excited.wav", "--mix", "sad", "--out", "sad.zip") == 0
    before = (here / "sad.zip").read_bytes()
    assert run("voice.wav", "excited.wav", "--mix", "joyful", "--out", "sad.zip") == 2
    assert run("gone.wav", "lost.wav", "--mix", "sad", "--out", "sad.zip") == 2
    assert (here / "sad.zip").read_bytes() == before


def test_recordings_of_one_name_do_not_replace_each_other(here: Path) -> None:
    (here / "other").mkdir()
    (here / "voice.wav").rename(here / "other" / "excited.wav")
    assert run("excited.wav", "other/excited.wav", "--mix", "sad", "--out", "sad.zip") == 0
    assert len(set(zipfile.ZipFile(here / "sad.zip").namelist())) == 4


def test_a_lowered_intensity_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("voice.wav", "--mix", "angry", "--floor", "1") == 0
    assert "Identity guard" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["voice.wav"], "No emotion is asked for"),
        (["nowhere.wav", "--mix", "sad"], "nowhere.wav"),
        (["voice.wav", "--mix", "joyful"], "Unknown emotion 'joyful'"),
        (["voice.wav", "--mix", "sad", "--out", "voice.wav"], "made from"),
        (["voice.wav", "--mix", "sad", "--out", "take.mp3"], "ends in .wav or .flac"),
        (["voice.wav", "excited.wav", "--mix", "sad", "--out", "a.wav"], "ends in .zip"),
        (["voice.wav", "--mix", "sad", "--intensity", "2"], "intensity is 2"),
        (["voice.wav", "--mix", "sad", "--passport", "one.json"], "leave the other options out"),
        (["voice.wav", "--mix", "sad", "--reference-share", "1"], "give that recording too"),
        (["voice.wav", "excited.wav", "--mix", "sad", "--out", "d.zip"], "can't be written"),
    ],
)
def test_what_a_person_can_mend_ends_in_a_sentence(
    here: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert run(*words) == 2
    assert told in capsys.readouterr().err


def test_without_consent_nothing_is_read(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("nowhere.wav", "--mix", "sad", consent=False) == 2
    assert "--i-have-consent" in capsys.readouterr().err
