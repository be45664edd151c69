"""Passports as files: read one, and tell one from any other JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

# What every passport has, whichever version wrote it, and what it was asked by.
_KEYS = {"emostudio", "sha256"}
_ASKED = {"request", "conversion"}


def read_passport(path: Path) -> dict[str, Any]:
    """Read the JSON that came with a take.

    Raises:
        ValueError: no such file, or no JSON of a passport's kind.
    """
    if not path.is_file():
        raise ValueError(f"There is no file {path}. Check the path.")
    try:
        passport = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} is no passport: it is not JSON.") from error
    if not isinstance(passport, dict):
        raise ValueError(f"{path.name} is no passport of a take.")
    return passport


def is_passport(path: Path) -> bool:
    """Whether this file came with a take."""
    try:
        keys = read_passport(path).keys()
        return keys >= _KEYS and bool(keys & _ASKED)
    except ValueError:
        return False
