"""Which maps there are: those that ship, and those that visitors had made of clips of their own.

A visitor's map lies in the app's temporary folder, under a key that nobody can guess, and is gone
within a day as everything there. Who has the key, has the map.
"""

from __future__ import annotations

import re
import secrets
import shutil
import threading
import time
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from emostudio.maps import runs
from emostudio.maps.space import SOUNDS, EmotionMap
from emostudio.settings import Settings

SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "maps"
TITLES = {"takes": "Our takes", "corpus": "Corpus clips"}
OPEN = 4  # maps that are held in memory
KEY_BYTES, KEY = 16, re.compile(r"[A-Za-z0-9_-]{22}")
LONGEST = 60  # characters of a name
AT_ONCE = 2  # maps that are made; each takes a core for minutes
MOST_S = 3_600  # of making one, where another waits
_beginning = threading.Lock()
NONE = (
    "There is no map here yet. Make those that ship with "
    "'python -m emostudio map --own 360 --out assets/maps/takes', or map clips of your own below."
)
GONE = "This map was deleted, as all uploads are within a day. Upload the clips again."


@dataclass(frozen=True)
class Made:
    """A map of one visitor's clips: its key, and what the visitor's zip is called."""

    key: str
    name: str


@dataclass(frozen=True)
class Shelf:
    """Finds maps by their keys; `folder` holds those that ship."""

    folder: Path = SHIPPED

    def shipped(self) -> dict[str, str]:
        """Return keys and titles of the maps that are here; the browser may read their sounds."""
        here = {key: title for key, title in TITLES.items() if _is_map(self.folder / key)}
        for key in here:
            _let_be_heard(self.folder / key / SOUNDS)
        return here

    def choices(self, made: list[Made]) -> list[tuple[str, str]]:
        """Return title and key of every map that a visitor may open."""
        own = [(each.name, each.key) for each in made if progress(each).state == "done"]
        return [*((title, key) for key, title in self.shipped().items()), *own]

    def title(self, key: str, made: list[Made]) -> str:
        """Name a map."""
        return TITLES.get(key) or next((one.name for one in made if one.key == key), "Your clips")

    def open(self, key: str | None) -> EmotionMap:
        """Read a map, or return it if it was read lately.

        Raises:
            ValueError: there is none; the sentence says what to do.
        """
        if not key:
            raise ValueError(NONE)
        folder = self.folder / key if key in TITLES else run_folder(key) / runs.MAP
        if not _is_map(folder):
            raise ValueError(NONE if key in TITLES else GONE)
        return _read(folder, (folder / "map.npz").stat().st_mtime_ns)


def begin(archive: Path, name: str, made: list[Made], settings: Settings) -> Made:
    """Have a zip of clips mapped by a process of its own.

    Raises:
        ValueError: it is no zip, or as many maps as this computer can do are being made.
    """
    if archive.suffix.lower() != ".zip":
        raise ValueError("Pack the clips into one zip and upload that.")
    parent, key = _runs_folder(), secrets.token_urlsafe(KEY_BYTES)
    with _beginning:  # two clicks at once must not both be the last one
        running = [one for one in parent.iterdir() if runs.progress(one).state == "running"]
        for one in running:
            if time.time() - (one / runs.PID).stat().st_mtime > MOST_S:
                runs.stop(one)
        if sum(runs.progress(one).state == "running" for one in running) >= AT_ONCE:
            raise ValueError("Other maps are being made. Try again in a few minutes.")
        # What it caches goes with it: nothing of an upload may outlive the day.
        runs.start(archive, parent / key, replace(settings, data_dir=parent / key))
    taken = any(one.name == name for one in made)
    return Made(key, f"{name[:LONGEST]} ({len(made) + 1})" if taken else name[:LONGEST])


def progress(made: Made) -> runs.Progress:
    """Tell how far a map is; one that was swept away has failed."""
    folder = run_folder(made.key)
    found = runs.progress(folder)
    # The sweep takes files first, and the folder that it leaves empty much later.
    if found.state == "failed" and not (folder / runs.PID).is_file():
        return runs.Progress("failed", 0.0, "It was deleted, as all uploads are within a day.")
    return found


def forget(made: Made) -> None:
    """Stop making a map, and delete what there is of it."""
    folder = run_folder(made.key)
    if folder.is_dir():
        runs.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def run_folder(key: str) -> Path:
    """Return where a visitor's map is made.

    Raises:
        ValueError: this is no key of one.
    """
    if not KEY.fullmatch(key):
        raise ValueError("There is no such map. Choose one from the list.")
    return _runs_folder() / key


def stored(told: Any) -> list[Made]:
    """Read back what a browser keeps of its maps; what is none is left out."""
    pairs = told if isinstance(told, list) else []
    return [
        Made(pair[0], pair[1][:LONGEST])
        for pair in pairs
        if isinstance(pair, list)
        and len(pair) == 2
        and all(isinstance(part, str) for part in pair)
        and KEY.fullmatch(pair[0])
    ]


def to_store(made: list[Made]) -> list[list[str]]:
    """Return what a browser keeps, as `stored` reads it."""
    return [[one.key, one.name] for one in made]


def _runs_folder() -> Path:
    folder = Path(get_upload_folder()) / "maps"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@cache
def _let_be_heard(sounds: Path) -> None:
    gr.set_static_paths([str(sounds)])  # once: Gradio keeps a list, and asks all of it


def _is_map(folder: Path) -> bool:
    return (folder / "map.npz").is_file() and (folder / "map.json").is_file()


@lru_cache(maxsize=OPEN)
def _read(folder: Path, changed: int) -> EmotionMap:
    return EmotionMap.load(folder)
