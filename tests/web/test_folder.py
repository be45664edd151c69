"""The app's own folder: nobody else's files are touched, and its own are gone within a day."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from emostudio.web import folder as swept
from emostudio.web.folder import NAME, claim, keep_swept, new_folder, sweep
from tests.jobs.queues import until


@pytest.fixture
def no_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody have asked Gradio for a folder; what a test sets is undone."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", "")


@pytest.mark.usefixtures("no_wish")
def test_the_data_folder_holds_what_the_app_writes(tmp_path: Path) -> None:
    folder = claim(tmp_path / "data")
    assert folder == tmp_path / "data" / NAME
    assert new_folder().is_relative_to(folder)
    assert claim(tmp_path / "data") == folder


def test_a_folder_that_gradio_is_given_keeps_what_else_lies_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / "thesis" / "chapter.txt"
    theirs.parent.mkdir()
    theirs.touch()
    (tmp_path / "notes.txt").touch()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    folder = claim(tmp_path / "data")
    (folder / "ours.wav").touch()
    sweep(folder, older_than_s=-1)
    assert folder.parent == tmp_path
    assert theirs.exists()
    assert (tmp_path / "notes.txt").exists()
    assert list(folder.iterdir()) == []


@pytest.mark.usefixtures("no_wish")
def test_the_folder_is_closed_to_other_accounts_even_if_it_was_open(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir(mode=0o755)
    assert claim(tmp_path).stat().st_mode & 0o777 == 0o700


@pytest.mark.usefixtures("no_wish")
def test_a_link_to_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ValueError, match="it is a link"):
        claim(tmp_path)


@pytest.mark.usefixtures("no_wish")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_account_is_refused(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    os.chown(tmp_path / NAME, 12345, 12345)
    with pytest.raises(ValueError, match=r"another account.*EMOSTUDIO_DATA_DIR"):
        claim(tmp_path)


class Clock:
    """Time as the sweep sees it: it stands where a test puts it."""

    sleep = staticmethod(time.sleep)

    def __init__(self) -> None:
        self.now = time.time()

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock that the sweep goes by."""
    clock = Clock()
    monkeypatch.setattr(swept, "time", clock)
    return clock


def came(path: Path) -> float:
    """Make a file, later than all before it, and return when it came."""
    time.sleep(0.02)  # more than the clock of a disk may be off
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path.lstat().st_ctime


def test_what_is_old_is_swept_and_what_is_new_stays(tmp_path: Path, clock: Clock) -> None:
    take, copy = tmp_path / "takes" / "old" / "take.wav", tmp_path / "upload" / "copy.wav"
    came(take)
    clock.now = came(copy) + 60
    os.utime(copy, (0, 0))  # it came now, whatever date it bears
    sweep(tmp_path, older_than_s=60)
    assert copy.exists()
    assert not take.exists()
    clock.now += 60
    sweep(tmp_path, older_than_s=60)
    assert not take.parent.exists()


def test_what_grows_old_while_the_app_runs_is_swept(tmp_path: Path, clock: Clock) -> None:
    old, left = tmp_path / "old.wav", tmp_path / "left.wav"
    came(old)
    clock.now = came(left) + 60
    keep_swept(tmp_path, every_s=0.01, older_than_s=60)
    until(lambda: not old.exists())
    assert left.exists()
    clock.now += 1
    until(lambda: not left.exists())


def test_a_start_without_a_folder_says_so_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    env = {**os.environ, "EMOSTUDIO_DATA_DIR": str(tmp_path / "file"), "GRADIO_TEMP_DIR": ""}
    app = Path(__file__).resolve().parents[2] / "app.py"
    done = subprocess.run(
        [sys.executable, app], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1
    assert "can't start" in done.stderr
    assert "Set EMOSTUDIO_DATA_DIR" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_launched_app_writes_into_its_folder_alone(
    page_url: str, temporary_folder: Path, tmp_path: Path
) -> None:
    from gradio_client import Client

    path, _ = Client(page_url, verbose=False, download_files=str(tmp_path)).predict(
        "You came back.", api_name="/speak"
    )
    assert Path(path).exists()
    assert any((temporary_folder / NAME / "takes").iterdir())
    before = ("takes", "maps")  # made by tests that launch nothing
    assert [path.name for path in temporary_folder.iterdir() if path.name not in before] == [NAME]
