"""Zips from anybody's machine: their names lead nowhere, their sizes are counted, not believed."""

from __future__ import annotations

import lzma
import re
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from emostudio.soundfiles import MAX_FILE_BYTES

MAX_FILES = 5_000
MAX_TOTAL_BYTES = 2 * 2**30
CHUNK = 2**20
_DAMAGED = (  # what zipfile raises of one file: some of it comes from below
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
)


def unzip(
    archive: Path, folder: Path, *, max_files: int = MAX_FILES, max_bytes: int = MAX_TOTAL_BYTES
) -> tuple[dict[str, Path], dict[str, str]]:
    """Write the files of a zip into a folder, under names of our own.

    Args:
        archive: the zip.
        folder: where to; it must be there.
        max_files: what comes after these is left out.
        max_bytes: of all files together; likewise.

    Returns:
        The files by their names in the zip, and why others were left out.

    Raises:
        ValueError: this is no zip.
    """
    files: dict[str, Path] = {}
    refused: dict[str, str] = {}
    left = max_bytes
    try:
        with zipfile.ZipFile(archive) as opened:
            for info in opened.infolist():
                if info.is_dir() or _hidden(info.filename):
                    continue
                try:
                    if info.filename in files:
                        raise ValueError("The zip has it twice. Pack it again.")
                    if len(files) >= max_files:
                        raise ValueError(f"The zip has more than {max_files} files. Split it.")
                    file = folder / f"{len(files):05d}{Path(info.filename).suffix[:8]}"
                    left -= _extract(opened, info, file, left)
                    files[info.filename] = file
                except (ValueError, zipfile.BadZipFile) as error:
                    refused[info.filename] = str(error)
    except (zipfile.BadZipFile, OSError) as error:
        raise ValueError(f"{archive.name} is no zip that can be read. Pack it again.") from error
    return files, refused


def _hidden(name: str) -> bool:
    path = PurePosixPath(name)
    return path.name.startswith(".") or "__MACOSX" in path.parts


def _extract(opened: zipfile.ZipFile, info: zipfile.ZipInfo, file: Path, left: int) -> int:
    """Write one file and return its size in bytes.

    Raises:
        ValueError: its name leads out of the zip, it is too large, or it can't be unpacked.
    """
    name = info.filename.replace("\\", "/")
    if name.startswith("/") or ".." in name.split("/") or re.match(r"[A-Za-z]:", name):
        raise ValueError("Its name leads to another folder. Pack the zip from within its folder.")
    size, limit = 0, min(MAX_FILE_BYTES, left)
    try:
        with opened.open(info) as packed, file.open("wb") as out:
            while part := packed.read(CHUNK):
                size += len(part)
                if size > limit:
                    raise ValueError(
                        f"It is larger than {MAX_FILE_BYTES // 2**20} MB, or the zip as a whole "
                        "larger than is taken. Give clips of seconds."
                    )
                out.write(part)
    except ValueError:
        file.unlink(missing_ok=True)
        raise
    except _DAMAGED as error:
        file.unlink(missing_ok=True)
        raise ValueError("It is damaged or has a password. Pack it again without.") from error
    return size
