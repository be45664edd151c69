"""Clips from files, told apart by their names or by a table."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from emostudio.data.archives import MAX_FILES
from emostudio.studies.clips import NewClip
from emostudio.values import EmotionMix

MAX_TABLE_BYTES = 10 * 2**20
FIELDS = ("system", "utterance", "text", "speaker", "language", "role", "emotion", "intensity")
COLUMNS = ("file", *FIELDS, "mix", "gold_value", "gold_emotion")
LEVELS = {"weak": 0.3, "medium": 0.6, "strong": 0.9}  # the middle of each third, as in EmoMix
PATTERN = "{system}_{utterance}_{emotion}_{intensity}.wav"


@dataclass
class Upload:
    """What came of files: clips to add, and why each of the others is none, by name."""

    clips: list[NewClip] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def by_name(files: Mapping[str, Path], pattern: str = PATTERN) -> Upload:
    """Tell by its name which clip a file is.

    Args:
        files: each by the name it had; folders in a name count where the pattern has them.
        pattern: like `{system}/{utterance}_{emotion}.wav`; the suffix does not matter.

    Raises:
        ValueError: the pattern can't be read.
    """
    matcher = _matcher(pattern)
    upload = Upload()
    for name, file in files.items():
        path = PurePosixPath(name.replace("\\", "/"))
        shown = path if "/" in pattern else PurePosixPath(path.name)
        matched = matcher.fullmatch(str(shown.with_suffix("")))
        if matched is None:
            upload.refused[name] = f"Its name is not like {pattern}. Rename it, or use a table."
        else:
            _take(upload, name, file, matched.groupdict())
    return upload


def by_table(table: Path, files: Mapping[str, Path]) -> Upload:
    """Tell by a table which clip a file is: a CSV file with the columns of `COLUMNS`.

    Only `file` must be there. Files that no row names are listed as refused.

    Raises:
        ValueError: the table can't be read or has another column; the sentence says which.
    """
    rows = _rows(table)
    upload = Upload()
    by_last = {PurePosixPath(name.replace("\\", "/")).name: name for name in files}
    named = set()
    for number, row in enumerate(rows, 2):
        asked = row.pop("file")
        name = asked if asked in files else by_last.get(asked)
        if name is None:
            upload.refused[asked or f"line {number}"] = (
                f"Line {number} names a file that is not there. Upload it with the table."
            )
            continue
        named.add(name)
        _take(upload, name, files[name], row)
    for name in files:
        if name not in named:
            upload.refused[name] = "No line of the table names it."
    return upload


def _matcher(pattern: str) -> re.Pattern[str]:
    stem = str(PurePosixPath(pattern).with_suffix("")) if "." in pattern else pattern
    asked = re.findall(r"\{(\w*)\}", stem)
    for name in asked:
        if name not in FIELDS:
            raise ValueError(f"The pattern has '{{{name}}}'; use {', '.join(FIELDS)}.")
        if asked.count(name) > 1:
            raise ValueError(f"The pattern has '{{{name}}}' twice; use it once.")
    if not asked:
        raise ValueError(f"The pattern tells nothing of a clip. Write one like {PATTERN}.")
    parts = re.split(r"\{(\w+)\}", stem)
    # The last field takes what is left, the others end where the text after them begins.
    return re.compile(
        "".join(
            f"(?P<{part}>[^/]+?)" if place % 2 else re.escape(part)
            for place, part in enumerate(parts)
        )
    )


def _rows(table: Path) -> list[dict[str, str]]:
    if table.stat().st_size > MAX_TABLE_BYTES:
        raise ValueError(f"{table.name} is too large for a table of clips. Check the file.")
    try:
        text = table.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{table.name} is no UTF-8 text. Save it as CSV in UTF-8.") from error
    head = text.splitlines()[0] if text.strip() else ""
    delimiter = max(",;\t", key=head.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = [name.strip().lower() for name in reader.fieldnames or ()]
        if "file" not in columns:
            raise ValueError(f"{table.name} has no column 'file'. Use {', '.join(COLUMNS)}.")
        if unknown := [name for name in columns if name not in COLUMNS]:
            raise ValueError(
                f"{table.name} has a column '{unknown[0]}'. Use {', '.join(COLUMNS)} alone."
            )
        reader.fieldnames = columns
        rows = [{name: (row[name] or "").strip() for name in columns} for row in reader]
    except csv.Error as error:
        raise ValueError(f"{table.name} is no CSV table: {error}.") from error
    if len(rows) > MAX_FILES:
        raise ValueError(f"{table.name} has more than {MAX_FILES} lines. Split it.")
    return rows


def _take(upload: Upload, name: str, file: Path, told: Mapping[str, str]) -> None:
    try:
        upload.clips.append(_clip(name, file, told))
    except ValueError as error:
        upload.refused[name] = str(error)


def _clip(name: str, file: Path, told: Mapping[str, str]) -> NewClip:
    given: dict[str, Any] = {field: told[field] for field in FIELDS if told.get(field)}
    if "intensity" in given:
        given["intensity"] = _intensity(given["intensity"])
    if told.get("mix"):
        given["mix"] = dict(EmotionMix.parse(told["mix"]).shares)
    gold: dict[str, Any] = {}
    if told.get("gold_value"):
        gold["value"] = _number("gold_value", told["gold_value"])
    if told.get("gold_emotion"):
        gold["emotion"] = told["gold_emotion"]
    return NewClip(file, name=name, gold=gold or None, **given)


def _intensity(text: str) -> float:
    return LEVELS[text.lower()] if text.lower() in LEVELS else _number("intensity", text)


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"Its {name} is '{text}'; give a number.")
    return number
