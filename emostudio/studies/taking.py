"""Taking part in a study: consent, a row of the design, answers, the end, withdrawal.

What is returned to a listener was written durably before. Nothing is refused because somebody came
late: neither a lease that ran out nor a study that was closed keeps an answer away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count as numbers
from typing import TYPE_CHECKING, Any

from emostudio.listening.design import PlannedTrial, row
from emostudio.storage import authored, taken
from emostudio.storage.tables import EVENTS, Event, Listener, Trial, now
from emostudio.studies.taking_answers import NoAnswerError, answer
from emostudio.studies.taking_labels import lend_labels
from emostudio.studies.taking_page import about, cells_of, state
from emostudio.studies.taking_people import (
    Part,
    UnknownListenerError,
    UnknownStudyError,
    WithdrawnError,
    clean,
    code_of,
    count,
    digest,
    new_code,
    number,
    panel_id,
    part_of,
    renew,
    shown,
    study_of,
    token_of,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as Rows

    from emostudio.storage.database import Database

__all__ = [
    "NoAnswerError",
    "Session",
    "UnknownListenerError",
    "UnknownStudyError",
    "WithdrawnError",
    "about",
    "answer",
    "events",
    "finish",
    "resume",
    "start",
    "state",
    "withdraw",
]
MAX_EVENTS = 100  # a request
MOST_SKIPPED = 0.2  # of the trials: clips that a browser could not play


@dataclass(frozen=True)
class Session:
    """What a browser keeps of a listener, and what it shows first."""

    token: str
    code: str
    state: dict[str, Any]


def start(
    db: Database,
    slug: str,
    consent_hash: str,
    *,
    headphones: bool | None = None,
    external_id: str = "",
    code: str = "",
) -> Session:
    """Take in a listener who has consented, and lend the lowest free row of the design.

    Args:
        db: where the study is.
        slug: of a study that is live.
        consent_hash: SHA-256 of the text that was agreed to.
        headphones: what the listener says; None for nothing.
        external_id: the name that a panel gave the listener; an e-mail address is not kept.
        code: made by the browser, so that a request that is repeated starts no second listener;
            without one it is made here.

    Raises:
        UnknownStudyError: there is no such study.
        ValueError: the study is closed, its consent was another, or nothing is left to label.
    """
    code = code_of(code) if code else new_code()
    with db.write() as rows:
        study, protocol = study_of(rows, slug)
        if taken.listener_by_code_hash(rows, digest(code)) is None:
            if study.state != "live":
                raise ValueError("This test is closed. Thank you for your interest.")
            if consent_hash != digest(protocol.consent):
                raise ValueError("The text of consent has changed. Reload the page to read it.")
            listener = Listener(
                study_id=study.id,
                token_hash=digest(token_of(code)),
                code_hash=digest(code),
                external_id=panel_id(external_id),
                consent_hash=consent_hash,
                headphones=headphones if isinstance(headphones, bool) else None,
            )
            taken.add_listener(rows, listener)
            taken.expire_leases(rows, study.id, now())
            lent = taken.leased_rows(rows, study.id, now())
            free = next(row for row in numbers() if row not in lent)
            until = now() + timedelta(minutes=protocol.lease_min)
            assignment = taken.lend_row(rows, listener, free, until)
            _add_trials(rows, Part(study, protocol, listener, assignment))
    return Session(token_of(code), shown(code), state(db, slug, token_of(code)))


def _add_trials(rows: Rows, part: Part) -> None:
    cells, extra = cells_of(authored.places_of(rows, part.study.id))
    queue = part.protocol.kind == "label"
    if queue:  # a label is of a clip alone: there is a queue in place of a design
        cells, extra = [], [cell for cell in extra if cell.role == "practice"]
    planned = row(part.protocol, cells, extra, part.assignment.row)
    taken.add_trials(rows, [_trial(part, place, plan) for place, plan in enumerate(planned)])
    if queue and not lend_labels(rows, part):
        raise ValueError("Every clip has its labels, or is before others now. Come again later.")


def _trial(part: Part, position: int, plan: PlannedTrial) -> Trial:
    return Trial(
        assignment_id=part.assignment.id,
        position=position,
        block=plan.block,
        stimulus_id=plan.stimulus,
        other_id=plan.other or None,
        reference_id=plan.reference or None,
        swapped=plan.swapped,
        repeated=plan.repeated,
    )


def resume(db: Database, slug: str, code: str) -> Session:
    """Go on with a code, in whichever browser.

    Raises:
        UnknownStudyError: there is no such study.
        UnknownListenerError: nobody has that code.
        WithdrawnError: all answers were withdrawn.
    """
    code = code_of(code)
    with db.write() as rows:
        renew(rows, part_of(rows, slug, code=code))
    return Session(token_of(code), shown(code), state(db, slug, token_of(code)))


def finish(
    db: Database, slug: str, token: str, *, comment: str = "", skipped: Sequence[str] = ()
) -> str:
    """Note that a listener is through, and return the completion code.

    Args:
        db: where the study is.
        slug: of the study.
        token: of the listener.
        comment: what the listener wants to say; kept as an event.
        skipped: ids of trials whose clips could not be played.

    Raises:
        UnknownListenerError: nobody has that token.
        WithdrawnError: all answers were withdrawn.
        ValueError: there are trials without an answer, or too many were skipped.
    """
    with db.write() as rows:
        part = part_of(rows, slug, token=token)
        if part.assignment.state == "done":
            return part.study.completion_code
        trials = taken.trials_of(rows, part.assignment.id)
        answered = {one.trial_id for one in taken.responses_of(rows, part.listener.id)}
        left = {trial.id for trial in trials} - answered
        unplayed = left & set(skipped)
        if len(unplayed) > max(1, MOST_SKIPPED * len(trials)):
            raise ValueError("Too many clips could not be played. Try another browser.")
        if open_ones := len(left - unplayed):
            raise ValueError(f"{open_ones} of the clips have no answer yet. Go on with them first.")
        told = [_event(part, "decode_error", one, {"skipped": True}) for one in sorted(unplayed)]
        if words := clean(comment, 2_000):
            told.append(_event(part, "submit", None, {"comment": words}))
        taken.add_events(rows, told)
        taken.finish(rows, part.assignment)
        return part.study.completion_code


def withdraw(db: Database, slug: str, code: str) -> str:
    """Take all answers of a listener out of every result and export; return the token.

    Raises:
        UnknownStudyError: there is no such study.
        UnknownListenerError: nobody has that code.
    """
    code = code_of(code)
    with db.write() as rows:
        try:
            part = part_of(rows, slug, code=code)
        except WithdrawnError:
            return token_of(code)
        taken.withdraw(rows, part.listener)
        part.assignment.state = "expired"  # so that the row is lent to another
    return token_of(code)


def events(db: Database, slug: str, token: str, given: Iterable[Any]) -> int:
    """Keep what happened on a page, and return how much; what can't be read is left out.

    Each is {kind, trial, t_ms, payload}: a kind of `storage.tables.EVENTS`, the id of a trial or
    None, milliseconds since the page was opened, and a few plain facts.

    Raises:
        UnknownListenerError: nobody has that token.
        WithdrawnError: all answers were withdrawn.
    """
    with db.write() as rows:
        part = part_of(rows, slug, token=token)
        own = {trial.id for trial in taken.trials_of(rows, part.assignment.id)}
        kept = [
            _event(
                part,
                one["kind"],
                one["trial"] if one.get("trial") in own else None,
                _facts(one.get("payload")),
                t_ms=count(one.get("t_ms")) or 0,
            )
            for one in list(given)[:MAX_EVENTS]
            if isinstance(one, Mapping) and one.get("kind") in EVENTS
        ]
        taken.add_events(rows, kept)
    return len(kept)


def _event(
    part: Part, kind: str, trial: str | None, payload: dict[str, Any] | None, *, t_ms: int = 0
) -> Event:
    return Event(
        listener_id=part.listener.id, trial_id=trial, kind=kind, t_ms=t_ms, payload=payload
    )


def _facts(given: Any) -> dict[str, Any] | None:
    if not isinstance(given, Mapping):
        return None
    facts = {
        clean(name, 20): clean(fact, 200) if isinstance(fact, str) else number(fact)
        for name, fact in list(given.items())[:5]
    }
    return facts or None
