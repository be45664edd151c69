"""A map made in the background: a process of its own, watched through the files of its folder.

The folder of a run holds `events.jsonl` (a line a step: `share` done and `message`), `errors.txt`,
`pid` and, once all is done, `map`. A closed page or a restarted app loses nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from emostudio.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
EVENTS, ERRORS, PID, MAP = "events.jsonl", "errors.txt", "pid", "map"
PROC = Path("/proc/self")
GRACE_S = 10.0  # to clean up
PREFIX = "emostudio: "  # of the sentences that a person can do something with
State = Literal["running", "done", "failed"]
_children: dict[Path, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Progress:
    """How a run stands: `share` done in [0, 1], and a word on what is being done or went wrong."""

    state: State
    share: float
    message: str


def start(source: Path, folder: Path, settings: Settings) -> None:
    """Begin to map a zip or a folder of clips.

    Args:
        source: the zip or the folder.
        folder: of this run; the map comes to lie in `folder / MAP`.
        settings: where models lie and caches go.
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "emostudio", "map", str(source.absolute())]
    command += ["--out", str((folder / MAP).absolute())]
    command += ["--events", str((folder / EVENTS).absolute())]
    own = bool(settings.models) and Path(settings.models).is_dir()  # else a repository
    env = os.environ | {
        "TMPDIR": str(folder.absolute()),  # what it unpacks is swept and deleted with the run
        "EMOSTUDIO_MODELS": str(Path(settings.models).absolute()) if own else settings.models,
        "EMOSTUDIO_DEVICE": settings.device,
        "EMOSTUDIO_DATA_DIR": str(settings.data_dir.absolute()),
    }
    with (folder / ERRORS).open("wb") as errors:
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
    (folder / PID).write_text(str(child.pid), encoding="utf-8")
    _children[folder.absolute()] = child


def progress(folder: Path) -> Progress:
    """Tell how a run stands."""
    lives = _lives(folder)  # asked first: its map may come between the two questions
    if (folder / MAP / "map.json").is_file():
        return Progress("done", 1.0, "The map is ready.")
    if lives:
        lines = _text(folder / EVENTS).splitlines()
        with contextlib.suppress(ValueError, KeyError, IndexError):  # a line half written
            event = json.loads(lines[-1])
            return Progress("running", float(event["share"]), str(event["message"]))
        return Progress("running", 0.0, "The clips are being read.")
    said = [line for line in _text(folder / ERRORS).splitlines() if line.startswith(PREFIX)]
    why = said[-1].removeprefix(PREFIX) if said else "The map was stopped before it was ready."
    return Progress("failed", 0.0, why)


def stop(folder: Path) -> None:
    """End a run; it leaves no map."""
    if _lives(folder):
        with contextlib.suppress(OSError, ValueError):  # over in the meantime
            os.kill(int(_text(folder / PID)), signal.SIGTERM)
    child = _children.pop(folder.absolute(), None)
    if child is None:
        return
    try:
        child.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _lives(folder: Path) -> bool:
    child = _children.get(folder.absolute())
    if child is not None:
        return child.poll() is None
    try:  # begun by an app that was restarted since
        pid = int(_text(folder / PID))
        os.kill(pid, 0)
        # Numbers of processes come round: is it still this run?
        told = Path(f"/proc/{pid}/cmdline")
        return not PROC.is_dir() or str(folder.absolute()).encode() in told.read_bytes()
    except (OSError, ValueError):
        return False


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
