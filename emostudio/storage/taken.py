"""What listeners bring: their rows of the design, trials, answers, events, and who is left out.

Each verb takes the session of `Database.read` or `Database.write` first. There is one writer at a
time, so that what a write has read is still so when it ends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from emostudio.storage.tables import (
    Assignment,
    Event,
    Exclusion,
    Listener,
    Response,
    Trial,
    now,
)

# --- listeners ---------------------------------------------------------------------------------


def add_listener(session: Session, listener: Listener) -> Listener:
    """Add a listener who has consented."""
    session.add(listener)
    session.flush()
    return listener


def listener_by_token_hash(session: Session, token_hash: str) -> Listener | None:
    """Return the listener of a browser's token, if there is one."""
    return session.scalar(select(Listener).where(Listener.token_hash == token_hash))


def listener_by_code_hash(session: Session, code_hash: str) -> Listener | None:
    """Return the listener of a code written down, if there is one."""
    return session.scalar(select(Listener).where(Listener.code_hash == code_hash))


def listeners_of(session: Session, study_id: str) -> list[Listener]:
    """Return the listeners of a study in the order that they came."""
    query = select(Listener).where(Listener.study_id == study_id)
    return list(session.scalars(query.order_by(Listener.created_at, Listener.id)))


def withdraw(session: Session, listener: Listener) -> None:
    """Leave a listener's answers out of all that follows; withdrawn once is withdrawn."""
    if listener.withdrawn_at is None:
        listener.withdrawn_at = now()
        session.flush()


# --- rows of the design, lent ------------------------------------------------------------------


def assignment_of(session: Session, listener_id: str) -> Assignment | None:
    """Return the row of the design that a listener has or had."""
    return session.scalar(select(Assignment).where(Assignment.listener_id == listener_id))


def assignments_of(session: Session, study_id: str) -> list[Assignment]:
    """Return what was lent of a study, by row."""
    query = select(Assignment).where(Assignment.study_id == study_id)
    return list(session.scalars(query.order_by(Assignment.row, Assignment.leased_at)))


def leased_rows(session: Session, study_id: str, at: datetime) -> set[int]:
    """Return the rows that are done, or lent beyond that time."""
    query = select(Assignment.row).where(
        Assignment.study_id == study_id,
        (Assignment.state == "done")
        | (Assignment.state == "open") & (Assignment.lease_until >= at),
    )
    return set(session.scalars(query))


def expire_leases(session: Session, study_id: str, at: datetime) -> int:
    """Free the rows of listeners who have been away too long; return how many."""
    query = select(Assignment).where(
        Assignment.study_id == study_id, Assignment.state == "open", Assignment.lease_until < at
    )
    late = list(session.scalars(query))
    for assignment in late:
        assignment.state = "expired"
    session.flush()
    return len(late)


def lend_row(session: Session, listener: Listener, row: int, until: datetime) -> Assignment:
    """Lend a free row to a listener; call `expire_leases` before."""
    assignment = Assignment(
        study_id=listener.study_id, listener_id=listener.id, row=row, lease_until=until
    )
    session.add(assignment)
    session.flush()
    return assignment


def renew_lease(session: Session, assignment: Assignment, until: datetime) -> bool:
    """Keep a row for a listener who is there; return whether it is still the listener's.

    One that has been lent to another meanwhile is not. Its first listener may go on all the same:
    no answer is dropped, and the cells of the row have one more.
    """
    if assignment.state == "expired" and not _is_free(session, assignment):
        return False
    if assignment.state == "expired":
        assignment.state = "open"
    if assignment.state == "open":
        assignment.lease_until = until
    session.flush()
    return True


def finish(session: Session, assignment: Assignment) -> None:
    """Note that all of a row is answered, unless the row has been lent to another meanwhile."""
    if assignment.state != "expired" or _is_free(session, assignment):
        assignment.state = "done"
        session.flush()


def _is_free(session: Session, assignment: Assignment) -> bool:
    query = select(Assignment.id).where(
        Assignment.study_id == assignment.study_id,
        Assignment.row == assignment.row,
        Assignment.state != "expired",
    )
    return session.scalar(query) is None


# --- trials and answers ------------------------------------------------------------------------


def add_trials(session: Session, trials: Iterable[Trial]) -> list[Trial]:
    """Add trials to a row that was lent."""
    added = list(trials)
    session.add_all(added)
    session.flush()
    return added


def trials_of(session: Session, assignment_id: str) -> list[Trial]:
    """Return the trials of a row in the order that they are heard."""
    query = select(Trial).where(Trial.assignment_id == assignment_id)
    return list(session.scalars(query.order_by(Trial.position)))


def trial_by_id(session: Session, trial_id: str) -> Trial | None:
    """Return a trial, if there is one."""
    return session.get(Trial, trial_id)


def response_by_uid(session: Session, response_uid: str) -> Response | None:
    """Return an answer by the name that the browser gave it, if it is here."""
    return session.scalar(select(Response).where(Response.response_uid == response_uid))


def responses_of(session: Session, listener_id: str) -> list[Response]:
    """Return all answers of a listener, corrected ones too, in the order that they came."""
    query = select(Response).where(Response.listener_id == listener_id)
    return list(session.scalars(query.order_by(Response.created_at, Response.id)))


def add_response(session: Session, response: Response) -> Response:
    """Add an answer and return it; one that is here already is returned instead, unchanged."""
    known = response_by_uid(session, response.response_uid)
    if known is None:
        session.add(response)
        session.flush()
    return known or response


def latest_response(session: Session, trial_id: str) -> Response | None:
    """Return the answer of a trial that no other corrects, if it has one."""
    later = aliased(Response)
    query = select(Response).where(
        Response.trial_id == trial_id,
        ~select(later.id).where(later.supersedes_uid == Response.response_uid).exists(),
    )
    return session.scalar(query)


def label_counts(session: Session, study_id: str) -> Counter[str]:
    """Return how many listeners have labelled each clip, by its id; withdrawn ones don't count."""
    query = (
        select(Trial.stimulus_id, func.count())
        .join(Response, Response.trial_id == Trial.id)
        .join(Listener, Listener.id == Response.listener_id)
        .where(
            Listener.study_id == study_id,
            Listener.withdrawn_at.is_(None),
            Response.supersedes_uid.is_(None),
        )
        .group_by(Trial.stimulus_id)
    )
    return Counter({stimulus_id: count for stimulus_id, count in session.execute(query)})


def labels_lent(session: Session, study_id: str, at: datetime) -> Counter[str]:
    """Return how many listeners have each clip before them and no answer yet, by the clip's id.

    Those whose lease has run out by that time don't count.
    """
    query = (
        select(Trial.stimulus_id, func.count())
        .join(Assignment, Assignment.id == Trial.assignment_id)
        .where(
            Assignment.study_id == study_id,
            Assignment.state == "open",
            Assignment.lease_until >= at,
            ~select(Response.id).where(Response.trial_id == Trial.id).exists(),
        )
        .group_by(Trial.stimulus_id)
    )
    return Counter({stimulus_id: count for stimulus_id, count in session.execute(query)})


# --- what happened, who is left out ------------------------------------------------------------


def add_events(session: Session, events: Iterable[Event]) -> None:
    """Add what happened on a listener's page."""
    session.add_all(events)
    session.flush()


def events_of(session: Session, listener_id: str) -> list[Event]:
    """Return what happened on a listener's page, in the order that it was told."""
    query = select(Event).where(Event.listener_id == listener_id)
    return list(session.scalars(query.order_by(Event.created_at, Event.id)))


def add_exclusion(session: Session, exclusion: Exclusion) -> Exclusion:
    """Leave a listener out of the results, or take them in again."""
    session.add(exclusion)
    session.flush()
    return exclusion


def exclusions(session: Session, study_id: str) -> dict[str, Exclusion]:
    """Return the latest word on each listener of a study about whom there is one, by their id."""
    query = (
        select(Exclusion)
        .join(Listener, Listener.id == Exclusion.listener_id)
        .where(Listener.study_id == study_id)
        .order_by(Exclusion.created_at, Exclusion.id)
    )
    return {exclusion.listener_id: exclusion for exclusion in session.scalars(query)}
