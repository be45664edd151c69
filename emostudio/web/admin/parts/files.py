"""What administrators upload: single files, zips of them, a table that tells what is what."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from emostudio.data.archives import unzip
from emostudio.studies import uploads


def given(
    files: Sequence[Path], folder: Path, refused: dict[str, str] | None = None
) -> dict[str, Path]:
    """Return all files by their names, those of zips unpacked into `folder`.

    Args:
        files: what was uploaded.
        folder: must be there.
        refused: gets those of a zip that can't be taken, and why.

    Raises:
        ValueError: a zip can't be read.
    """
    known: dict[str, Path] = {}
    for number, file in enumerate(files):
        if file.suffix.lower() == ".zip":
            place = folder / str(number)
            place.mkdir()
            found, not_taken = unzip(file, place)
            known |= found
            if refused is not None:
                refused |= not_taken
        else:
            known[file.name] = file
    return known


def read_files(files: Sequence[Path], pattern: str, folder: Path) -> uploads.Upload:
    """Read clips out of what was uploaded; a table tells what is what, or else the names.

    Raises:
        ValueError: there are two tables, or a zip, the table or the pattern can't be read.
    """
    refused: dict[str, str] = {}
    known = given(files, folder, refused)
    tables = [name for name in known if name.lower().endswith(".csv")]
    if len(tables) > 1:
        raise ValueError(f"There are {len(tables)} tables: {', '.join(tables)}. Give one.")
    if tables:
        upload = uploads.by_table(known.pop(tables[0]), known)
    else:
        upload = uploads.by_name(known, pattern)
    upload.refused |= refused
    return upload
