"""The answers of a study as statistics take them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from emostudio.listening.judgments import Judgment
from emostudio.storage import judged, taken
from emostudio.storage.database import Database
from emostudio.studies.finding import found

_KNOWN = {field.name for field in fields(Judgment)}


def answers_of(db: Database, slug: str) -> list[dict[str, Any]]:
    """Return the answers that count, as `storage.judged` describes them, practice among them.

    Corrected ones gave way to their corrections; who has withdrawn is left out.

    Raises:
        ValueError: there is no study of that name.
    """
    with db.read() as session:
        rows = judged.judgments(session, found(session, slug).id)
    return [row for row in rows if not (row["superseded"] or row["withdrawn"])]


def judgments_of(db: Database, slug: str) -> list[Judgment]:
    """Return the judgments of a study without those of practice; raises as `answers_of`."""
    return [
        Judgment(**{name: value for name, value in row.items() if name in _KNOWN})
        for row in answers_of(db, slug)
        if row["block"] == "main"
    ]


def kept_of(db: Database, slug: str) -> list[Judgment]:
    """Return the judgments of listeners who were not left out; raises as `answers_of`."""
    excluded = excluded_of(db, slug)
    return [one for one in judgments_of(db, slug) if one.listener not in excluded]


def excluded_of(db: Database, slug: str) -> set[str]:
    """Return the listeners whom an administrator left out; raises as `answers_of`."""
    with db.read() as session:
        said = taken.exclusions(session, found(session, slug).id)
    return {listener for listener, word in said.items() if word.excluded}
