"""Passports that come back: from a file or from the list, into what the form is filled with."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emostudio.conversion import Conversion
from emostudio.passport import fingerprint
from emostudio.values import ENGINES, UNREAD, Request

if TYPE_CHECKING:
    from emostudio.studio import Studio

RECORDED = {"reference": "a voice", "emotion_reference": "an emotion"}
PAGES = {"request": "Speak", "conversion": "Convert"}  # by what their passports tell of


def read_passport(file: str, asked: str = "request") -> dict[str, Any]:
    """Read an uploaded passport of a "request" or of a "conversion".

    Raises:
        ValueError: it is no JSON, no passport, or one of another page.
    """
    try:
        loaded = json.loads(Path(file).read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        loaded = None
    if isinstance(loaded, dict):
        for other in PAGES.keys() - {asked}:
            if isinstance(loaded.get(other), dict):
                raise ValueError(f"This is a passport of {PAGES[other]}; load it on that page.")
    if not isinstance(loaded, dict) or not isinstance(loaded.get(asked), dict):
        raise ValueError(
            "This file is no passport; choose the JSON file that was downloaded with a take."
        )
    return loaded


def request_of(studio: Studio, passport: dict[str, Any]) -> Request:
    """Return a passport's request without its recordings, which a person adds again."""
    return studio.request_of(passport | dict.fromkeys(RECORDED))


def conversion_settings(studio: Studio, passport: dict[str, Any]) -> Conversion:
    """Return a passport's conversion, with silence for its recordings.

    Raises:
        ValueError: the passport is damaged.
    """
    unread = fingerprint(UNREAD)
    recorded = bool(passport.get("emotion_reference"))
    return studio.conversion_of(
        passport | {"source": unread, "emotion_reference": unread if recorded else {}},
        source=UNREAD,
        emotion_reference=UNREAD if recorded else None,
    )


def not_here(
    passport: dict[str, Any],
    request: Request,
    voices: Iterable[str],
    emotions: Iterable[str],
    engines: Iterable[str] = ENGINES,
) -> list[str]:
    """Name the engine, the preset voice and the emotions of a take that are not known here."""
    missing = [] if request.engine in engines else [f"the engine '{request.engine}'"]
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
