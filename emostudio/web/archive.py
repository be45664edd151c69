"""The zip of a batch: each sound with its passport, and a list of what could not be converted."""

from __future__ import annotations

import logging
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from types import TracebackType

import gradio as gr

from emostudio.conversion import Converted
from emostudio.web.folder import new_folder

log = logging.getLogger(__name__)
MAX_FILES = 20
FAILED = "failed.txt"
UNFORESEEN = "Something went wrong inside EmoStudio; try this file alone."


class Archive:
    """Written file by file, so that what was ready when a batch is stopped is there."""

    def __init__(self, files: Sequence[str]) -> None:
        """Open it for these files."""
        self.n_files = len(files)
        self.converted: list[str] = []
        self.failed: dict[str, str] = {}
        self.warned: dict[str, tuple[str, ...]] = {}
        self.file = new_folder() / "emostudio-converted.zip"
        self._zip = zipfile.ZipFile(self.file, "w", zipfile.ZIP_DEFLATED)

    def __enter__(self) -> Archive:
        """Keep it open."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Add the list of what failed, and close it."""
        if self.failed:
            lines = [f"{name}: {sentence}\n" for name, sentence in self.failed.items()]
            self._zip.writestr(FAILED, "".join(lines))
        self._zip.close()
        if not self.converted:
            self.file.unlink()

    @property
    def path(self) -> str | None:
        """The file, none where nothing could be converted."""
        return str(self.file) if self.converted else None

    def add(self, file: str, convert: Callable[[], Converted]) -> None:
        """Convert one file into the zip, or note why it can't be."""
        name = _free(Path(file).name, {*self.converted, *self.failed})
        try:
            result = convert()
        except gr.Error as error:  # a borrowed device refuses so; its str is quoted
            self.failed[name] = error.message
        except ValueError as error:
            self.failed[name] = str(error)
        except Exception:
            log.exception("a file of a batch failed")
            self.failed[name] = UNFORESEEN
        else:
            self._write(name, result)

    def _write(self, name: str, result: Converted) -> None:
        with tempfile.TemporaryDirectory(dir=self.file.parent) as folder:
            wav = result.save(Path(folder) / f"{Path(name).stem}-converted.wav")
            for path in (wav, wav.with_suffix(".json")):
                self._zip.write(path, path.name)
        self.converted.append(name)
        if result.warnings:
            self.warned[name] = result.warnings


def outcome(archive: Archive) -> str:
    """Draw what became of a batch, as HTML."""
    done, left = len(archive.converted), archive.n_files
    left -= done + len(archive.failed)
    files = "file" if archive.n_files == 1 else "files"
    head = f"Converted: {done} of {archive.n_files} {files}."
    if left:
        head += f" Stopped: {left} were not begun."
    sentences = [f"<b>{escape(name)}</b>: {escape(why)}" for name, why in archive.failed.items()]
    for name, warnings in archive.warned.items():
        sentences += [f"<b>{escape(name)}</b>: {escape(why)}" for why in warnings]
    items = "".join(f"<li>{sentence}</li>" for sentence in sentences)
    listed = f"<ul class='warned'>{items}</ul>" if items else ""
    return f"<p role='status'>{head}</p>{listed}"


def _free(name: str, taken: set[str]) -> str:
    """Return the name, numbered where its stem is taken: sounds of one stem share a name.

    `A.wav` and `a.wav` are one file to some systems.
    """
    stems, path, number = {Path(each).stem.casefold() for each in taken}, Path(name), 2
    while path.stem.casefold() in stems:
        path = Path(f"{Path(name).stem}-{number}{Path(name).suffix}")
        number += 1
    return path.name
