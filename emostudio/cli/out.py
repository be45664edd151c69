"""Where a take may be written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from emostudio.cli.passport import is_passport

SUFFIXES = (".wav", ".flac")


def checked_out(out: Path, recordings: Iterable[Path | None], asked: Path | None = None) -> Path:
    """Refuse before the work what could not, or must not, be written after it.

    `recordings` and the passport `asked` are what the result is made from.

    Raises:
        ValueError: no sound file's name, no folder, or a file there that is not to be lost.
    """
    if out.suffix.lower() not in SUFFIXES:
        raise ValueError(f"{out} can't be written; name a file that ends in .wav or .flac.")
    if not out.parent.is_dir():
        raise ValueError(f"There is no folder {out.parent}; make it first.")
    if out.is_dir():
        raise ValueError(f"{out} is a folder; name a file.")
    taken = (*recordings, asked)
    if any(path and path.exists() and out.exists() and path.samefile(out) for path in taken):
        raise ValueError(f"{out} is a recording that the take is made from; choose another --out.")
    passport = out.with_suffix(".json")
    if asked and passport.absolute() == asked.absolute():
        raise ValueError(f"{asked} would be overwritten; choose another --out.")
    if passport.exists() and not is_passport(passport):
        raise ValueError(
            f"{passport} would be replaced by the take's passport and is none; choose another name."
        )
    return out
