"""The command line: what people type, and what they are told."""

import json
from pathlib import Path

import numpy as np
import pytest

from emostudio.__main__ import main, parser
from emostudio.values import SYNTHETIC, Clip, Request
from tests.web.fake_studio import FakeStudio


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def voice(here: Path) -> Path:
    wav = np.sin(np.arange(32_000) / 20).astype(np.float32) / 2
    return Clip(wav, 16_000).save(here / "voice.wav")


def run(*argv: str | Path) -> int:
    return main([str(word) for word in argv], studio=FakeStudio())  # pyright: ignore[reportArgumentType]


def passport(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


# --- speak


def test_a_text_becomes_a_file_and_its_passport(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("speak", "Hello.", "--mix", "happy=0.7,surprise=0.3", "--out", "out.wav") == 0
    assert Clip.load(here / "out.wav").duration_s > 0.2
    written = passport(here / "out.json")
    assert written["notice"] == SYNTHETIC
    assert written["request"]["emotion"] == {"happy": 0.7, "surprise": 0.3}
    out = capsys.readouterr().out
    assert "asked happy=0.7,surprise=0.3, heard happy" in out


def test_the_engine_is_chosen_and_a_passport_keeps_it(here: Path) -> None:
    assert run("speak", "Hello.", "--engine", "diemo", "--out", "fast.wav") == 0
    assert passport(here / "fast.json")["request"]["engine"] == "diemo"
    assert run("speak", "--passport", "fast.json", "--out", "again.wav") == 0
    assert (here / "again.wav").read_bytes() == (here / "fast.wav").read_bytes()
    assert run("speak", "Hello.", "--out", "plain.wav") == 0
    assert (here / "plain.wav").read_bytes() != (here / "fast.wav").read_bytes()


def test_every_option_reaches_the_request(here: Path) -> None:
    options = "--mix sad --base happy --intensity 0.5 --voice LJ --lang de --speed 1.5 --steps 8"
    options += " --temperature 2 --k-max 0.7 --k-min 0.1 --tail published --seed 7 --engine diemo"
    assert run("speak", "Hallo.", *options.split()) == 0
    request = passport(here / "take.json")["request"]
    del request["emotion"], request["text"], request["consent"]
    assert request == {
        "engine": "diemo",
        "emotion_path": [],
        "voice": "LJ",
        "base": "happy",
        "intensity": 0.5,
        "lang": "de",
        "speed": 1.5,
        "n_timesteps": 8,
        "temperature": 2.0,
        "k_max": 0.7,
        "k_min": 0.1,
        "tail": "published",
        "seed": 7,
    }


def test_without_options_a_request_is_the_default(here: Path) -> None:
    assert run("speak", "Hello.") == 0
    assert passport(here / "take.json")["request"] == Request("Hello.", lang="en").settings()


def test_voice_and_language_follow_each_other(here: Path) -> None:
    assert run("speak", "Hallo.", "--lang", "de", "--out", "a.wav") == 0
    assert run("speak", "Hallo.", "--voice", "kerstin", "--out", "b.wav") == 0
    for name in ("a", "b"):
        request = passport(here / f"{name}.json")["request"]
        assert (request["voice"], request["lang"]) == ("kerstin", "de")


def test_json_is_the_passport_on_one_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("speak", "Hello.", "--json", "--out", "out.flac") == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {"file": "out.flac", **passport(here / "out.json")}


def test_a_file_at_out_is_replaced(here: Path) -> None:
    (here / "out.wav").write_text("an old take")
    assert run("speak", "Hello.", "--out", "out.wav") == 0
    assert Clip.load(here / "out.wav").duration_s > 0


@pytest.mark.parametrize("content", ['{"name": "my-package"}', "[]", "no json", ""])
def test_a_json_that_is_no_passport_is_never_replaced(
    here: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "package.json").write_text(content)
    assert run("speak", "Hello.", "--out", "package.wav") == 2
    assert "package.json would be replaced" in capsys.readouterr().err
    assert (here / "package.json").read_text() == content
    assert not (here / "package.wav").exists()


def test_a_passport_at_out_is_replaced(here: Path) -> None:
    assert run("speak", "Hello.", "--out", "out.wav") == 0
    assert run("speak", "Goodbye.", "--out", "out.flac") == 0
    assert passport(here / "out.json")["request"]["text"] == "Goodbye."


def test_a_place_that_cannot_be_written_is_said(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "out.wav").symlink_to(here / "nowhere" / "out.wav")
    assert run("speak", "Hello.", "--out", "out.wav") == 2
    assert "out.wav can't be written" in capsys.readouterr().err


def test_a_recorded_voice_needs_consent(voice: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--reference", "--emotion-reference"):
        assert run("speak", "Hello.", option, voice) == 2
        assert "--i-have-consent" in capsys.readouterr().err
        assert run("speak", "Hello.", option, voice, "--i-have-consent") == 0
        assert passport(voice.parent / "take.json")["request"]["consent"] is True


def test_the_recording_is_never_overwritten(
    voice: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = voice.read_bytes()
    code = run("speak", "Hi.", "--reference", voice, "--i-have-consent", "--out", "voice.wav")
    assert code == 2
    assert "choose another --out" in capsys.readouterr().err
    assert voice.read_bytes() == before


# --- passports


def test_a_passport_speaks_the_same_take_again(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("speak", "Hello.", "--mix", "Outrage", "--seed", "5", "--out", "a.wav") == 0
    assert run("speak", "--passport", "a.json", "--out", "b.wav") == 0
    assert (here / "a.wav").read_bytes() == (here / "b.wav").read_bytes()
    assert "differs" not in capsys.readouterr().err


def test_a_take_that_came_out_otherwise_is_told(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("speak", "Hello.", "--out", "a.wav") == 0
    (here / "a.json").write_text(json.dumps(passport(here / "a.json") | {"sha256": "0"}))
    assert run("speak", "--passport", "a.json", "--out", "b.wav") == 0
    assert "differs from the passport's" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["no json", "[]", "{}", '{"request": 3}', "\udcff"])
def test_a_damaged_passport_is_refused(
    here: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "p.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    assert run("speak", "--passport", "p.json") == 2
    assert "passport" in capsys.readouterr().err


def test_a_passport_is_not_overwritten_by_its_own_take(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("speak", "Hello.", "--out", "a.wav") == 0
    assert run("speak", "--passport", "a.json", "--out", "a.wav") == 2
    assert "would be overwritten" in capsys.readouterr().err


# --- tables


def test_a_table_is_spoken_line_by_line_and_bad_lines_are_named(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "lines.csv").write_text(
        "text,mix,voice,intensity,seed,lang,name\n"
        "Hello there.,happy=1,LJ,0.5,3,,hello\n"
        "???,,,,,,\n"
        "Again.,joy=1,,,,,\n"
        '"Two\nlines.",,,,,,\n'
        "Hallo.,,,,,de,\n"
        "Loud.,,,loud,,,\n"
        "Who.,,nobody,,,,\n"
        "Same.,,,,,,hello\n"
        "Up.,,,,,,../up\n",
        encoding="utf-8",
    )
    assert run("speak", "--batch", "lines.csv", "--out", "takes", "--seed", "9") == 2
    errors = capsys.readouterr().err.splitlines()
    assert [error.split(":")[1].strip() for error in errors] == [
        "line 3",
        "line 4",
        "line 8",
        "line 9",
        "line 10",
        "line 11",
    ]
    assert "nothing to speak" in errors[0]
    assert "Unknown emotion 'joy'" in errors[1]
    assert "intensity is 'loud'" in errors[2]
    assert "Unknown voice 'nobody'" in errors[3]
    assert "'hello' is taken" in errors[4]
    assert "no file name" in errors[5]
    assert sorted(path.name for path in (here / "takes").glob("*.wav")) == [
        "0006.wav",
        "0007.wav",
        "hello.wav",
    ]
    hello = passport(here / "takes/hello.json")["request"]
    assert (hello["voice"], hello["intensity"], hello["seed"]) == ("LJ", 0.5, 3)
    german = passport(here / "takes/0007.json")["request"]
    assert (german["voice"], german["lang"], german["seed"]) == ("kerstin", "de", 9)


def test_no_two_lines_write_the_same_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("a", "a.wav", "a.flac", "A", "a.WAV", "b.flac", "c.d", "c.wav")
    lines = [f"Number {number}.,{name}" for number, name in enumerate(names)]
    (here / "lines.csv").write_text("\n".join(["text,name", *lines]))
    assert run("speak", "--batch", "lines.csv") == 2
    errors = capsys.readouterr().err.splitlines()
    assert [error.split(":")[1] for error in errors] == [f" line {n}" for n in (3, 4, 5, 6)]
    assert all("is taken by a line above" in error for error in errors)
    written = sorted(path.name for path in (here / "takes").iterdir())
    assert written == "a.json a.wav b.flac b.json c.d.json c.d.wav c.json c.wav".split()
    assert passport(here / "takes/a.json")["request"]["text"] == "Number 0."


def test_what_is_wrong_with_a_line_never_silences_the_others(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "takes").mkdir()
    (here / "takes" / "package.json").write_text("{}")
    (here / "takes" / "lost.wav").symlink_to(here / "nowhere" / "lost.wav")
    rows = [",,", f"Long.,,{'n' * 300}", "Hello.,,package", "Hello.,,lost", "Hello.,,last"]
    (here / "lines.csv").write_text("\n".join(["text,mix,name", *rows]))
    assert run("speak", "--batch", "lines.csv") == 2
    errors = capsys.readouterr().err.splitlines()
    told = ("nothing to speak", "300 characters", "package.json would be", "can't be written")
    assert len(errors) == len(told)
    for number, (error, words) in enumerate(zip(errors, told, strict=True), start=2):
        assert error.startswith(f"emostudio: line {number}: ") and words in error
    assert (here / "takes" / "last.wav").is_file()


def test_a_table_of_texts_alone_is_enough(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "lines.csv").write_bytes("\ufefftext\nHello.\nBye.\n".encode())
    assert run("speak", "--batch", "lines.csv", "--json") == 0
    files = [json.loads(line)["file"] for line in capsys.readouterr().out.splitlines()]
    assert files == ["takes/0002.wav", "takes/0003.wav"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no column 'text'"),
        (b"words\nHello.\n", "column 'words'"),
        (b"text,pitch\nHello.,3\n", "column 'pitch'"),
        (b"text\n", "no lines to speak"),
        (b"text\n\xff\xfe\n", "save it as CSV in UTF-8"),
    ],
)
def test_a_bad_table_is_refused(
    here: Path, content: bytes, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "lines.csv").write_bytes(content)
    assert run("speak", "--batch", "lines.csv") == 2
    assert words in capsys.readouterr().err


# --- recognize


def test_recognize_hears_each_file_and_names_the_bad_ones(
    voice: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (voice.parent / "letter.wav").write_text("This is a letter.")
    assert run("recognize", voice, "letter.wav", "none.wav", "--json") == 2
    printed = capsys.readouterr()
    (line,) = printed.out.splitlines()
    heard = json.loads(line)
    assert heard["file"] == str(voice)
    assert heard["label"] == max(heard["probs"], key=heard["probs"].__getitem__)
    assert {"arousal", "dominance", "valence"} <= set(heard)
    assert "letter.wav is not a sound file" in printed.err
    assert "There is no file none.wav" in printed.err
    assert run("recognize", voice) == 0
    assert "arousal" in capsys.readouterr().out


# --- what is wrong is said, without a traceback


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["speak"], "Give one of TEXT"),
        (["speak", "Hi", "--batch", "a.csv"], "Give one of TEXT"),
        (["speak", ""], "nothing to speak"),
        (["speak", "?!"], "nothing to speak"),
        (["speak", "Hi", "--mix", "joy"], "Unknown emotion 'joy'"),
        (["speak", "Hi", "--mix", "happy=0"], "weights are zero"),
        (["speak", "Hi", "--mix", "happy=-1"], "weight of 'happy' is -1"),
        (["speak", "Hi", "--mix", "happy=nan"], "weight of 'happy' is nan"),
        (["speak", "Hi", "--voice", "nobody"], "Unknown voice 'nobody'"),
        (["speak", "Hi", "--lang", "fr"], "Unknown language 'fr'"),
        (["speak", "Hi", "--base", "joy"], "Unknown base emotion"),
        (["speak", "Hi", "--engine", "festival"], "Unknown engine 'festival'"),
        (["speak", "Hi", "--intensity", "nan"], "intensity is nan"),
        (["speak", "Hi", "--speed", "9"], "speed is 9"),
        (["speak", "Hi", "--seed", "-1"], "seed is -1"),
        (["speak", "Hi", "--out", "out.mp3"], "ends in .wav or .flac"),
        (["speak", "Hi", "--out", "nowhere/out.wav"], "no folder nowhere"),
        (["speak", "Hi", "--reference", "none.wav", "--i-have-consent"], "no file none.wav"),
        (["speak", "--passport", "none.json"], "no file none.json"),
        (["speak", "--batch", "none.csv"], "no file none.csv"),
        (["recognize", "none.wav"], "no file none.wav"),
        (["pack", "--corpora", "nowhere", "--out", "pack"], "no folder nowhere"),
        (["train", "emomix", "--data", "d", "--run", "r", "--minutes", "0"], "minutes is 0"),
        (["train", "emomix", "--data", "nowhere", "--run", "r"], "no folder nowhere"),
    ],
)
def test_what_is_wrong_is_said_and_the_exit_code_is_2(
    here: Path, argv: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*argv) == 2
    error = capsys.readouterr().err
    assert words in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["sing"],
        ["speak", "Hi", "--steps", "few"],
        ["speak", "Hi", "--tail", "none"],
    ],
)
def test_options_that_do_not_exist_exit_with_2(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        run(*argv)
    assert stop.value.code == 2
    assert "usage: emostudio" in capsys.readouterr().err


def test_missing_models_are_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    studio = FakeStudio(trouble="checkpoints/emomix is missing; see checkpoints/README.md.")
    assert main(["speak", "Hi"], studio=studio) == 2  # pyright: ignore[reportArgumentType]
    assert "emomix is missing" in capsys.readouterr().err


def test_training_starts_from_the_line_that_the_readme_shows() -> None:
    line = "train emomix --data pack --run runs/a --minutes 5 --resume"
    args = parser().parse_args(line.split())
    assert (args.recipe, args.folder, args.minutes, args.resume) == (
        "emomix",
        Path("runs/a"),
        5.0,
        True,
    )
