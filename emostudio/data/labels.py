"""Who speaks in a file, how, and what: told by a table, else by folders, else for all at once."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from emostudio.values import EMOTIONS

MAX_TABLE_BYTES = 20 * 2**20
MAX_TEXT = 2_000
# What columns may be called, here and in datasets of the Hub.
FILE = ("file", "file_name", "filename", "path", "audio")
CALLED = {
    "emotion": ("emotion", "label"),
    "speaker": ("speaker", "speaker_id"),
    "lang": ("lang", "language"),
    "text": ("text", "transcription", "transcript", "sentence"),
    "split": ("split",),
    "sex": ("sex", "gender"),
    "intensity": ("intensity",),
}
SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("dev", "test", "validation", "valid", "val", "eval"), "dev"),
}
INTENSITIES = ("normal", "strong")
_EMOTION = re.compile(r"(?=.*[a-z])[a-z0-9-]{1,32}")
_SPEAKER = re.compile(r"[a-z0-9-]{1,40}")
_LANG = re.compile(r"[a-z]{2,3}")


@dataclass(frozen=True)
class Labels:
    """What is known of a file."""

    speaker: str
    emotion: str
    lang: str
    text: str = ""
    split: str = ""
    sex: str = ""
    intensity: str = ""


@dataclass(frozen=True)
class ForAll:
    """What an administrator says of all files at once.

    `lang` and `emotion` hold where nothing else tells them, `speaker` where no table does. `name`
    is the speaker where nothing at all tells who speaks.
    """

    name: str
    lang: str = "en"
    speaker: str = ""
    emotion: str = ""


def called(columns: Iterable[str]) -> dict[str, str]:
    """What of `file` and `CALLED` columns tell, and each one's own name.

    >>> called(["Path", "Label", "age"])
    {'file': 'Path', 'emotion': 'Label'}
    """
    own = {(name or "").strip().lower(): name for name in columns}
    found = {
        label: next((own[name] for name in names if name in own), None)
        for label, names in {"file": FILE, **CALLED}.items()
    }
    return {label: name for label, name in found.items() if name is not None}


def read_table(table: Path) -> list[dict[str, str]]:
    """Read a CSV table: of each row `file`, and those of `CALLED` that it has.

    Raises:
        ValueError: it is no table, or has no column of files.
    """
    if table.stat().st_size > MAX_TABLE_BYTES:
        raise ValueError(f"{table.name} is too large for a table of clips. Check the file.")
    try:
        text = table.read_text(encoding="utf-8-sig")
        head = text.lstrip().partition("\n")[0]
        reader = csv.DictReader(
            io.StringIO(text, newline=""), delimiter=max(",;\t|", key=head.count)
        )
        columns = called(reader.fieldnames or ())
        if "file" not in columns:
            raise ValueError(
                f"{table.name} has no column 'file'. Name its columns in its first line: file, "
                f"{', '.join(CALLED)}; file alone must be there."
            )
        return [
            {label: (row[name] or "").strip() for label, name in columns.items()} for row in reader
        ]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{table.name} is no table in UTF-8. Save it as CSV in UTF-8.") from error


def labelled(
    names: Iterable[str], told: Mapping[str, Mapping[str, str]], for_all: ForAll
) -> tuple[dict[str, Labels], dict[str, str]]:
    """Label files by what tables tell of them, else by their folders, else by what holds for all.

    Args:
        names: of files, with folders as in a zip.
        told: rows of tables, by name.
        for_all: what holds for all of them.

    Returns:
        Labels by name, and why files can't be labelled.
    """
    found: dict[str, Labels] = {}
    refused: dict[str, str] = {}
    for name, folders in _folders(names).items():
        try:
            found[name] = _labels(told.get(name, {}), folders, for_all)
        except ValueError as error:
            refused[name] = str(error)
    return found, refused


@dataclass(frozen=True)
class _Folders:
    """What folders tell of a file: `emotion` where any is called like one, the `others`, a split.

    The folders that all files share tell nothing.
    """

    emotion: str
    others: tuple[str, ...]
    split: str


def _folders(names: Iterable[str]) -> dict[str, _Folders]:
    parts = {name: PurePosixPath(name).parent.parts for name in names}
    splits = {
        name: next((SPLITS[part.lower()] for part in above if part.lower() in SPLITS), "")
        for name, above in parts.items()
    }
    kept = {name: [p for p in above if p.lower() not in SPLITS] for name, above in parts.items()}
    shared = _shared(list(kept.values()))
    kept = {name: above[shared:] for name, above in kept.items()}
    depths = Counter(
        depth
        for above in kept.values()
        for depth, part in enumerate(above)
        if plain(part) in EMOTIONS
    )
    depth = depths.most_common(1)[0][0] if depths else None
    found = {}
    for name, above in kept.items():
        at = None if depth is None or depth >= len(above) else depth
        emotion = "" if at is None else above[at]
        others = tuple(part for place, part in enumerate(above) if place != at)
        found[name] = _Folders(emotion, others, splits[name])
    return found


def _shared(folders: Sequence[Sequence[str]]) -> int:
    """Count the folders that all lie in, but for one that tells the emotion of all."""
    shared = 0
    for level in zip(*folders, strict=False):
        if len(set(level)) > 1:
            break
        shared += 1
    return shared - 1 if shared and plain(folders[0][shared - 1]) in EMOTIONS else shared


def _labels(row: Mapping[str, str], folders: _Folders, for_all: ForAll) -> Labels:
    emotion = row.get("emotion") or folders.emotion or for_all.emotion
    others = folders.others
    if not emotion and others:  # a name that nobody knows yet
        emotion, others = others[-1], others[:-1]
    if not emotion:
        raise ValueError(
            "Nothing tells its emotion. Give a table with a column 'emotion', put clips into "
            "folders named for emotions, or say that all is read speech."
        )
    speaker = row.get("speaker") or for_all.speaker or next(iter(others), for_all.name)
    lang = re.split(r"[-_]", (row.get("lang") or for_all.lang).lower())[0]
    if not _LANG.fullmatch(lang):
        raise ValueError(f"Its language is '{lang}'. Write two letters, such as en or de.")
    split = row.get("split", "").lower()
    if split and split not in SPLITS:
        raise ValueError(f"Its split is '{split}'. Write train or dev, or leave it empty.")
    text = " ".join(row.get("text", "").split())
    if len(text) > MAX_TEXT:
        raise ValueError(f"Its text has {len(text)} characters. Cut clip and text into sentences.")
    intensity = row.get("intensity", "").lower()
    return Labels(
        speaker=_named(speaker, "speaker", _SPEAKER),
        emotion=_named(emotion, "emotion", _EMOTION),
        lang=lang,
        text=text,
        split=SPLITS[split] if split else folders.split,
        sex={"f": "F", "m": "M"}.get(row.get("sex", "")[:1].lower(), ""),
        intensity=intensity if intensity in INTENSITIES else "",
    )


def _named(text: str, what: str, pattern: re.Pattern[str]) -> str:
    name = plain(text)
    if not pattern.fullmatch(name):
        raise ValueError(
            f"Its {what} is '{text[:40]}'. Name it by letters a to z, digits and hyphens, "
            f"{32 if what == 'emotion' else 40} at most."
        )
    return name


def plain(text: str) -> str:
    """Write a name by small letters, digits and hyphens: Ärger -> arger, Very Sad -> very-sad."""
    ascii_ = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_.lower()).strip("-")
