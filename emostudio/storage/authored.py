"""What authors put there: studies, their systems, utterances and clips, collected takes, the audit.

Each verb takes the session of `Database.read` or `Database.write` first; rows that it returns may
be read after the session has ended, and changed inside a write alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from emostudio.storage.tables import (
    STUDY_STATES,
    Audit,
    Collected,
    Stimulus,
    Study,
    System,
    Utterance,
    now,
)


class Place(NamedTuple):
    """Where a clip belongs in the grid of its study; `gold`: its right answer is known."""

    id: str
    role: str
    system: str
    utterance: str
    gold: bool
    duration_s: float


# --- studies -----------------------------------------------------------------------------------


def add_study(session: Session, study: Study) -> Study:
    """Add a study.

    Raises:
        ValueError: its slug is taken.
    """
    if study_by_slug(session, study.slug) is not None:
        raise ValueError(f"There is a study '{study.slug}' already. Choose another name.")
    session.add(study)
    session.flush()
    return study


def study_by_slug(session: Session, slug: str) -> Study | None:
    """Return the study of that link, if there is one."""
    return session.scalar(select(Study).where(Study.slug == slug))


def study_by_id(session: Session, study_id: str) -> Study | None:
    """Return a study, if there is one."""
    return session.get(Study, study_id)


def all_studies(session: Session) -> list[Study]:
    """Return every study, the newest first."""
    return list(session.scalars(select(Study).order_by(Study.created_at.desc(), Study.id.desc())))


def put_protocol(
    session: Session, study: Study, protocol: dict[str, Any], protocol_hash: str
) -> None:
    """Change the protocol of a draft.

    Raises:
        ValueError: the study is frozen.
    """
    check_draft(study)
    study.kind = protocol["kind"]
    study.protocol = protocol
    study.protocol_hash = protocol_hash
    session.flush()


def set_state(session: Session, study: Study, state: str) -> None:
    """Open a draft to listeners, or close a study; the time is noted.

    Raises:
        ValueError: it can't go there from where it is.
    """
    if STUDY_STATES.index(state) <= STUDY_STATES.index(study.state):
        raise ValueError(f"The study '{study.slug}' is {study.state}; it can't become {state}.")
    study.state = state
    if state == "live":
        study.frozen_at = now()
    else:
        study.closed_at = now()
    session.flush()


def check_draft(study: Study) -> None:
    """Refuse a study that may not be changed any more.

    Raises:
        ValueError: the study is frozen.
    """
    if study.state != "draft":
        raise ValueError(
            f"The study '{study.slug}' is {study.state} and stays as its listeners got it. "
            "Copy it as a draft, then change that."
        )


# --- systems, utterances, clips ----------------------------------------------------------------


def add_system(session: Session, study_id: str, name: str) -> System:
    """Return the system of that name, added if it is new."""
    system = session.scalar(select(System).where(System.study_id == study_id, System.name == name))
    if system is None:
        system = System(study_id=study_id, name=name)
        session.add(system)
        session.flush()
    return system


def add_utterance(session: Session, utterance: Utterance) -> Utterance:
    """Return the study's utterance of that name, added if it is new."""
    known = session.scalar(
        select(Utterance).where(
            Utterance.study_id == utterance.study_id, Utterance.name == utterance.name
        )
    )
    if known is None:
        session.add(utterance)
        session.flush()
    return known or utterance


def add_stimulus(session: Session, study: Study, stimulus: Stimulus) -> Stimulus:
    """Add a clip to a draft.

    Raises:
        ValueError: the study is frozen.
    """
    check_draft(study)
    stimulus.study_id = study.id
    session.add(stimulus)
    session.flush()
    return stimulus


def drop_stimulus(session: Session, study: Study, stimulus: Stimulus) -> None:
    """Take a clip out of a draft, and its system and utterance if it was the last of them.

    Raises:
        ValueError: the study is frozen.
    """
    check_draft(study)
    session.delete(stimulus)
    session.flush()
    for table, column, row_id in (
        (System, Stimulus.system_id, stimulus.system_id),
        (Utterance, Stimulus.utterance_id, stimulus.utterance_id),
    ):
        row = session.get(table, row_id) if row_id else None
        if row is not None and session.scalar(select(Stimulus.id).where(column == row_id)) is None:
            session.delete(row)
    session.flush()


def systems_of(session: Session, study_id: str) -> list[System]:
    """Return the systems of a study in the order that they came."""
    query = select(System).where(System.study_id == study_id)
    return list(session.scalars(query.order_by(System.created_at, System.id)))


def utterances_of(session: Session, study_id: str) -> list[Utterance]:
    """Return the utterances of a study in the order that they came."""
    query = select(Utterance).where(Utterance.study_id == study_id)
    return list(session.scalars(query.order_by(Utterance.created_at, Utterance.id)))


def stimuli_of(session: Session, study_id: str) -> list[Stimulus]:
    """Return the clips of a study in the order that they came."""
    query = select(Stimulus).where(Stimulus.study_id == study_id)
    return list(session.scalars(query.order_by(Stimulus.created_at, Stimulus.id)))


def places_of(session: Session, study_id: str) -> list[Place]:
    """Return of each clip what a design asks, in the order that they came: thousands at once."""
    query = (
        select(
            Stimulus.id,
            Stimulus.role,
            System.name,
            Utterance.name,
            Stimulus.gold.is_not(None),
            Stimulus.duration_s,
        )
        .outerjoin(System, System.id == Stimulus.system_id)
        .outerjoin(Utterance, Utterance.id == Stimulus.utterance_id)
        .where(Stimulus.study_id == study_id)
        .order_by(Stimulus.created_at, Stimulus.id)
    )
    return [
        Place(stimulus_id, role, system or "", utterance or "", bool(gold), duration_s)
        for stimulus_id, role, system, utterance, gold, duration_s in session.execute(query)
    ]


def guesses_of(
    session: Session, study_id: str, roles: Iterable[str]
) -> dict[str, dict[str, Any] | None]:
    """Return the recognizer's guess of each clip of these roles, by the clip's id."""
    query = select(Stimulus.id, Stimulus.guess).where(
        Stimulus.study_id == study_id, Stimulus.role.in_(roles)
    )
    return {stimulus_id: guess for stimulus_id, guess in session.execute(query)}


def tokens_of(session: Session, stimulus_ids: Iterable[str]) -> dict[str, str]:
    """Return what a browser asks for each of these clips by."""
    query = select(Stimulus.id, Stimulus.token).where(Stimulus.id.in_(set(stimulus_ids)))
    return {stimulus_id: token for stimulus_id, token in session.execute(query)}


def stimulus_by_id(session: Session, stimulus_id: str) -> Stimulus | None:
    """Return a clip, if there is one."""
    return session.get(Stimulus, stimulus_id)


def stimulus_by_token(session: Session, token: str) -> Stimulus | None:
    """Return the clip that a browser asks for, if there is one."""
    return session.scalar(select(Stimulus).where(Stimulus.token == token))


# --- takes set aside ---------------------------------------------------------------------------


def collect(session: Session, take: Collected) -> Collected:
    """Set a take aside for a study to come."""
    session.add(take)
    session.flush()
    return take


def collected(session: Session) -> list[Collected]:
    """Return the takes set aside, the oldest first."""
    query = select(Collected).where(Collected.removed_at.is_(None))
    return list(session.scalars(query.order_by(Collected.created_at, Collected.id)))


def uncollect(session: Session, take_id: str) -> None:
    """Take a take away again; one that is gone already is no error."""
    take = session.get(Collected, take_id)
    if take is not None and take.removed_at is None:
        take.removed_at = now()
        session.flush()


# --- who did what ------------------------------------------------------------------------------


def audit(
    session: Session,
    actor: str,
    action: str,
    *,
    subject: str = "",
    payload: dict[str, Any] | None = None,
) -> Audit:
    """Note who did what; `subject` is the slug or id of what it was done to."""
    entry = Audit(actor=actor, action=action, subject=subject, payload=payload)
    session.add(entry)
    session.flush()
    return entry


def audits_of(session: Session, subject: str | None = None, limit: int = 200) -> list[Audit]:
    """Return the latest entries of the audit, of one subject or of all, the newest first."""
    query = select(Audit).order_by(Audit.created_at.desc(), Audit.id.desc()).limit(limit)
    if subject is not None:
        query = query.where(Audit.subject == subject)
    return list(session.scalars(query))
