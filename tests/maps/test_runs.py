import json
import os
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile

from emostudio import Settings
from emostudio.maps import runs
from emostudio.maps.space import EmotionMap
from tests import tiny
from tests.speech import vowels

LIMIT_S = 400


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    root = tmp_path_factory.mktemp("runs")
    return Settings(models=str(tiny.checkpoints(root / "models")), data_dir=root / "var")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "clips.zip"
    with zipfile.ZipFile(path, "w") as out:
        for number in range(6):
            soundfile.write(tmp_path / "clip.wav", vowels(seed=number), 16_000)
            out.write(tmp_path / "clip.wav", f"{'sad' if number % 2 else 'happy'}/{number}.wav")
    return path


def ended(folder: Path) -> runs.Progress:
    for _ in range(LIMIT_S * 10):
        found = runs.progress(folder)
        if found.state != "running":
            return found
        time.sleep(0.1)
    raise AssertionError(found)


@pytest.mark.slow
def test_a_zip_becomes_a_map_in_the_background(
    archive: Path, tmp_path: Path, settings: Settings
) -> None:
    runs.start(archive, tmp_path / "run", settings)
    assert runs.progress(tmp_path / "run").state == "running"
    assert ended(tmp_path / "run") == runs.Progress("done", 1, "The map is ready.")
    space = EmotionMap.load(tmp_path / "run" / runs.MAP)
    told = zip(space.names, space.labels["emotion"], strict=True)
    assert {int(Path(name).stem): emotion for name, emotion in told} == {
        number: "sad" if number % 2 else "happy" for number in range(6)
    }
    views = {(name, method) for name in space.features for method in ("umap", "pca")}
    assert set(space.coords) == views and space.view == ("diemo", "umap")
    steps = (tmp_path / "run" / runs.EVENTS).read_text().splitlines()
    shares = [json.loads(step)["share"] for step in steps]
    assert shares == sorted(shares) and shares[-1] == 1


def test_what_went_wrong_is_told_in_words(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "clips.zip").write_bytes(b"no zip")
    runs.start(tmp_path / "clips.zip", tmp_path / "run", settings)
    found = ended(tmp_path / "run")
    assert found.state == "failed" and "is no zip that can be read" in found.message


def test_what_is_stopped_leaves_no_map(archive: Path, tmp_path: Path, settings: Settings) -> None:
    folder = tmp_path / "run"
    runs.start(archive, folder, replace(settings, data_dir=tmp_path / "var"))  # nothing cached
    while not (folder / runs.EVENTS).is_file() and runs.progress(folder).state == "running":
        time.sleep(0.05)
    runs.stop(folder)
    assert runs.progress(folder).state == "failed"
    assert "stopped" in runs.progress(folder).message
    assert not (folder / runs.MAP).exists()
    runs.stop(folder)  # once more does no harm


def test_a_restarted_app_finds_what_became_of_a_run(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    assert runs.progress(folder).state == "failed"
    (folder / runs.PID).write_text("999999999")
    assert runs.progress(folder).state == "failed"
    # Another process has its number by now: this one, which must not be ended.
    (folder / runs.PID).write_text(str(os.getpid()))
    assert runs.progress(folder).state == "failed" or not runs.PROC.is_dir()
    if runs.PROC.is_dir():
        runs.stop(folder)
    (folder / runs.MAP).mkdir()
    (folder / runs.MAP / "map.json").write_text("{}")
    assert runs.progress(folder).state == "done"
