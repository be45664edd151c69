"""Datasets whose sounds lie in Parquet tables, as most on the Hub do, made into sound files."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from emostudio.data.corpora import TABLE
from emostudio.data.labels import SPLITS, called
from emostudio.soundfiles import SUFFIXES

if TYPE_CHECKING:
    from pyarrow import Schema

BATCH = 64  # rows; a row is a whole recording


def unpack(tables: Sequence[Path], folder: Path, *, max_clips: int, max_bytes: int) -> int:
    """Write the sounds of tables into an empty folder, and a metadata.csv of what is told of them.

    A column of sounds holds structs of `bytes` and `path`, as the library `datasets` writes them;
    the names of classes stand in the table's own description. Without a column `split` a table is
    of the split that its file is named for.

    Returns:
        How many sounds there are.

    Raises:
        ValueError: a file is no such table, or there is too much of it.
    """
    from pyarrow import ArrowException
    from pyarrow.parquet import read_metadata

    try:
        n_rows = sum(read_metadata(table).num_rows for table in tables)
        if n_rows > max_clips:
            raise ValueError(f"There are {n_rows} clips; {max_clips} is the limit. Take a part.")
        rows, left = [], max_bytes  # tables pack what repeats a thousandfold
        for table in tables:
            for name, sound, told in _rows(table):
                left -= len(sound)
                if left < 0:
                    raise ValueError(
                        f"Its sounds take more than {max_bytes / 2**20:.0f} MB, which is the limit "
                        "or all the room there is. Save a part of them as files."
                    )
                suffix = PurePosixPath(name).suffix.lower()
                file = f"{len(rows):05d}{suffix if suffix in SUFFIXES else '.wav'}"
                (folder / file).write_bytes(sound)
                rows.append(told | {"file": file})
    except ArrowException as error:
        raise ValueError(f"A table can't be read: {error}") from error
    names = ["file", *sorted({name for row in rows for name in row} - {"file"})]
    with (folder / TABLE).open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return len(rows)


def _rows(table: Path) -> Iterator[tuple[str, bytes, dict[str, str]]]:
    """The name, the sound and the labels of each row that has a sound."""
    from pyarrow.parquet import ParquetFile

    with ParquetFile(table) as opened:
        schema = opened.schema_arrow
        sounds = _column_of_sounds(schema)
        if not sounds:
            return
        columns = called(name for name in schema.names if name != sounds)
        columns.pop("file", None)
        classes = {name: _described(schema, name, "names") for name in columns.values()}
        split = {} if "split" in columns else _split_of(table)
        for batch in opened.iter_batches(BATCH, columns=[sounds, *columns.values()]):
            for row in batch.to_pylist():
                sound = row[sounds] or {}
                if sound.get("bytes"):
                    told = {
                        label: _word(row[name], classes[name]) for label, name in columns.items()
                    }
                    yield sound.get("path") or "", sound["bytes"], split | told


def _column_of_sounds(schema: Schema) -> str:
    """The first column of structs with bytes that is not told to be something else, or none."""
    from pyarrow.types import is_struct

    for field in schema:
        parts = {p.name: str(p.type) for p in field.type} if is_struct(field.type) else {}
        binary = parts.get("bytes") in ("binary", "large_binary")
        named = parts.get("path") in ("string", "large_string", "null")
        if binary and named and _described(schema, field.name, "_type") in (None, "Audio"):
            return field.name
    return ""


def _described(schema: Schema, column: str, what: str) -> Any:
    """What `datasets` says of a column in the table's own description, None where nothing."""
    try:
        told = json.loads((schema.metadata or {})[b"huggingface"])
        return told["info"]["features"][column][what]
    except (KeyError, TypeError, ValueError):
        return None


def _word(value: Any, classes: Any) -> str:
    if isinstance(value, int) and isinstance(classes, list) and 0 <= value < len(classes):
        return str(classes[value])
    return "" if value is None else str(value)


def _split_of(table: Path) -> dict[str, str]:
    """The split that a file is named for: data/train-00000-of-00003.parquet, train/0000.parquet."""
    for name in (table.name, table.parent.name):
        word = re.split(r"[-_.]", name.lower())[0]
        if word in SPLITS:
            return {"split": word}
    return {}
