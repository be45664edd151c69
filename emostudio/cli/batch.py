"""A table of texts: one take a line; what is wrong with a line is told with its number."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from emostudio.cli.out import SUFFIXES, checked_out
from emostudio.cli.take import report, request_of, speak_request

if TYPE_CHECKING:
    from emostudio.studio import Studio

BATCH_COLUMNS = ("text", "mix", "voice", "intensity", "seed", "lang", "name")
MAX_NAME_BYTES = 250  # file systems hold 255, and a passport's suffix is longer than a sound's


def speak_batch(args: argparse.Namespace, studio: Studio) -> int:
    """Speak every line that can be spoken, and return the exit code.

    Raises:
        ValueError: there is no table.
    """
    folder: Path = args.out or Path("takes")
    folder.mkdir(parents=True, exist_ok=True)
    stems: set[str] = set()
    code = 0
    for number, line in _lines(args.batch):
        try:
            out = _out(folder, line.pop("name", "") or f"{number:04d}", stems)
            checked_out(out, (args.reference, args.emotion_reference))
            stems.add(out.stem.casefold())
            defaults = {"text": "", "mix": args.mix or "neutral"}
            values = defaults | {key: value for key, value in line.items() if value}
            report(speak_request(studio, request_of(args, studio, values)), out, args.json)
        except (ValueError, OSError) as error:
            print(f"emostudio: line {number}: {error}", file=sys.stderr)
            code = 2
    return code


def _out(folder: Path, name: str, stems: set[str]) -> Path:
    """File of a take: neither it nor its passport may be that of a line above.

    Many file systems take `A` and `a` for one.
    """
    if Path(name).name != name or name in (".", ".."):
        raise ValueError(f"'{name}' is no file name; leave slashes out.")
    out = folder / (name if name.lower().endswith(SUFFIXES) else f"{name}.wav")
    if len(out.name.encode("utf-8")) > MAX_NAME_BYTES:
        raise ValueError(f"The name has {len(name)} characters; choose one of at most 60.")
    if out.stem.casefold() in stems:
        raise ValueError(f"the name '{name}' is taken by a line above; choose another.")
    return out


def _lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    if not path.is_file():
        raise ValueError(f"There is no file {path}. Check the path.")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or []
            unknown = sorted(set(columns) - set(BATCH_COLUMNS))
            if "text" not in columns or unknown:
                wrong = f"the column '{unknown[0]}'" if unknown else "no column 'text'"
                raise ValueError(
                    f"{path.name} has {wrong}; its first line names the columns "
                    f"{', '.join(BATCH_COLUMNS)}, of which text is needed."
                )
            lines = [(reader.line_num, line) for line in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path.name} is no table; save it as CSV in UTF-8.") from error
    if not lines:
        raise ValueError(f"{path.name} has no lines to speak.")
    for number, line in lines:
        yield number, {key: (value or "").strip() for key, value in line.items() if key}
