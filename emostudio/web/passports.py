"""Passports that come back: from a file or from the list, into what the form is filled with."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emostudio.values import Request

if TYPE_CHECKING:
    from emostudio.studio import Studio

RECORDED = {"reference": "a voice", "emotion_reference": "an emotion"}


def read_passport(file: str) -> dict[str, Any]:
    """Read an uploaded passport.

    Raises:
        ValueError: it is no JSON, or no passport.
    """
    try:
        loaded = json.loads(Path(file).read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        loaded = None
    if not isinstance(loaded, dict) or not isinstance(loaded.get("request"), dict):
        raise ValueError(
            "This file is no passport; choose the JSON file that was downloaded with a take."
        )
    return loaded


def request_of(studio: Studio, passport: dict[str, Any]) -> Request:
    """Return a passport's request without its recordings, which a person adds again."""
    return studio.request_of(passport | dict.fromkeys(RECORDED))


def not_here(
    passport: dict[str, Any], request: Request, voices: Iterable[str], emotions: Iterable[str]
) -> list[str]:
    """Name the preset voice and the emotions of a take that the models here don't know."""
    missing = []
    if not passport.get("reference") and request.voice not in voices:
        missing.append(f"the voice '{request.voice}'")
    if not passport.get("emotion_reference"):
        asked = {request.base, *(name for name, _ in request.emotion.shares)} - {""}
        missing += [f"the emotion '{name}'" for name in sorted(asked - set(emotions))]
    return missing


def missing_recordings(
    passport: dict[str, Any], recordings: tuple[str | None, str | None]
) -> list[str]:
    """Name the recordings that a take was made with and that are not at hand."""
    return [
        what
        for (key, what), file in zip(RECORDED.items(), recordings, strict=True)
        if passport.get(key) and not file
    ]
