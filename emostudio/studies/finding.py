"""The study behind a link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emostudio.listening.protocol import Protocol
from emostudio.storage import authored
from emostudio.storage.database import Database
from emostudio.storage.tables import Study

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def found(session: Session, slug: str) -> Study:
    """Return a study by its slug, the last part of its link.

    Raises:
        ValueError: there is none.
    """
    study = authored.study_by_slug(session, slug)
    if study is None:
        raise ValueError(f"There is no study '{slug}'. Check the link, or choose one of the list.")
    return study


def draft(session: Session, slug: str) -> Study:
    """Return a study that may still be changed.

    Raises:
        ValueError: there is none, or it is frozen.
    """
    study = found(session, slug)
    authored.check_draft(study)
    return study


def protocol_of(db: Database, slug: str) -> Protocol:
    """Return what a study asks; raises as `found`."""
    with db.read() as session:
        return Protocol.from_json(found(session, slug).protocol)
