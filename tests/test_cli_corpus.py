"""The command that checks recordings before anybody tunes on them."""

from pathlib import Path

import pytest

from emostudio.__main__ import main
from tests.data.test_taking_over import sound, zipped


def recordings(folder: Path, n: int, emotions: tuple[str, ...]) -> Path:
    for number in range(n):
        emotion = emotions[number % len(emotions)]
        sound(folder / emotion / f"{number}.wav", number, seconds=0.6)
    (folder / emotions[0] / "broken.wav").write_bytes(b"no sound")
    return folder


def test_the_report_says_what_fits_and_what_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = recordings(tmp_path / "clips", 16, ("happy", "smug"))
    assert main(["corpus", str(zipped(folder, tmp_path / "clips.zip"))]) == 0
    told = capsys.readouterr().out
    assert told.startswith("16 clips, 0.2 minutes, 0 with text, 14 to train on, 2 held out by clip")
    assert "  Recognizer  yes\n" in told and "  smug  8\n" in told
    assert "New to the recognizer: smug" in told
    assert "happy/broken.wav  broken.wav is not a sound file" in told


def test_where_nothing_fits_the_exit_code_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = recordings(tmp_path / "clips", 4, ("takes",))
    assert main(["corpus", str(folder), "--read", "--speaker", "Anna", "--lang", "de"]) == 1
    told = capsys.readouterr().out
    assert "  anna  0.0 min\n" in told and "  neutral  4\n" in told
    assert "  EmoMix voice  It needs a minute of speech of one speaker, with text" in told


def test_what_can_not_be_read_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["corpus", str(tmp_path / "nowhere")]) == 2
    assert "There is no folder, zip or table" in capsys.readouterr().err
    assert main(["corpus", "hf:some/clips"]) == 2
    assert "can't be downloaded now" in capsys.readouterr().err
