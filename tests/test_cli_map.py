"""The command `map`: what people type, and what they are told."""

from pathlib import Path

import pytest
import soundfile

from emostudio import Settings, Studio
from emostudio.__main__ import main
from emostudio.maps.space import EmotionMap
from tests import tiny
from tests.speech import vowels


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    root = tmp_path_factory.mktemp("studio")
    return Studio(Settings(checkpoints=tiny.checkpoints(root / "models"), data_dir=root / "var"))


@pytest.fixture
def clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clips").mkdir()
    for number in range(5):
        soundfile.write(tmp_path / "clips" / f"{number}.wav", vowels(seed=number), 16_000)
    return tmp_path / "clips"


def run(studio: Studio, *argv: str) -> int:
    return main(["map", *argv], studio=studio)


def test_a_folder_becomes_one_file(
    clips: Path, studio: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(studio, "clips", "--out", "map.html", "--method", "pca", "--events", "e.jsonl") == 0
    assert capsys.readouterr().out == "map.html\n"
    page = Path("map.html").read_text(encoding="utf-8")
    assert "5 clips, PCA of DiEmo" in page and page.count('"T2dnUwAC') == 5
    assert len(Path("e.jsonl").read_text().splitlines()) >= 6
    assert sorted(path.name for path in Path().iterdir()) == ["clips", "e.jsonl", "map.html"]


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (["--out", "map.html"], "Say what to map"),
        (["clips", "--own", "3", "--out", "map.html"], "Say what to map"),
        (["nowhere", "--out", "map.html"], "no folder or zip nowhere"),
        (["clips", "--out", "nowhere/map"], "There is no folder"),
        (["clips", "--out", "clips"], "holds no map; choose another place"),
        (["--own", "0", "--out", "map.html"], "1 or more"),
        (["--data", "clips", "--out", "map.html"], "holds no packed features"),
    ],
)
def test_what_can_not_be_mapped_is_said(
    clips: Path, studio: Studio, argv: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(studio, *argv) == 2
    assert why in capsys.readouterr().err
    assert not Path("map.html").exists() and not Path("map").exists()


def test_a_folder_that_holds_other_things_is_never_replaced(clips: Path, studio: Studio) -> None:
    assert run(studio, "clips", "--out", "clips", "--method", "plane") == 2
    assert len(list(clips.iterdir())) == 5
    with pytest.raises(ValueError, match="holds no map"):
        EmotionMap.load(clips)
