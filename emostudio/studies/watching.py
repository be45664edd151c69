"""Watching over a study: how far it is, whether its results may be seen, who is left out and why.

Who looks at means while listeners still come may stop when they please, and finds what is not
there: results are hidden until the planned listeners have finished. To look earlier is possible,
and noted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from emostudio.listening.judgments import Judgment
from emostudio.listening.protocol import Protocol
from emostudio.storage import authored, taken
from emostudio.storage.database import Database
from emostudio.storage.tables import Exclusion, now
from emostudio.studies.finding import found
from emostudio.studies.gathering import judgments_of

Cell = tuple[str, str]


@dataclass(frozen=True)
class Person:
    """One listener, by an id that says nothing; `excluded` is the reason, empty if there is none.

    `state` is that of the row of the design: open, done or expired.
    """

    id: str
    started_at: datetime
    state: str
    answers: int
    headphones: bool | None
    withdrawn: bool
    excluded: str

    @property
    def called(self) -> str:
        """A short name."""
        return self.id[-6:]


@dataclass(frozen=True)
class Progress:
    """How far a study is, and the judgments so far."""

    state: str
    planned: int
    finished: int
    unlocked_at: datetime | None
    people: tuple[Person, ...]
    judgments: tuple[Judgment, ...] = field(default=(), repr=False)

    @property
    def excluded(self) -> set[str]:
        """The listeners who are left out."""
        return {person.id for person in self.people if person.excluded}

    @property
    def answers(self) -> Counter[Cell]:
        """Answers by system and utterance, those of pairs for both."""
        answers: Counter[Cell] = Counter()
        for one in self.judgments:
            if one.role == "test":
                other = one.other_system or one.system
                answers.update({(one.system, one.utterance), (other, one.utterance)})
        return answers

    @property
    def hidden(self) -> str:
        """Why results are hidden still, empty where they are not."""
        if self.state != "live" or self.unlocked_at or self.finished >= self.planned:
            return ""
        return (
            f"Results are hidden until the study has its listeners: {self.finished} of "
            f"{self.planned} have finished. Who looks earlier may stop when they please, and "
            "intervals no longer hold."
        )


def progress(db: Database, slug: str) -> Progress:
    """Return how far a study is.

    Raises:
        ValueError: there is no such study.
    """
    judgments = judgments_of(db, slug)
    given = Counter(one.listener for one in judgments)
    with db.read() as session:
        study = found(session, slug)
        rows = {row.listener_id: row.state for row in taken.assignments_of(session, study.id)}
        said = taken.exclusions(session, study.id)
        people = tuple(
            Person(
                listener.id,
                listener.created_at,
                rows.get(listener.id, "open"),
                given[listener.id],
                listener.headphones,
                listener.withdrawn_at is not None,
                _reason(said.get(listener.id)),
            )
            for listener in taken.listeners_of(session, study.id)
        )
    return Progress(
        study.state,
        Protocol.from_json(study.protocol).listeners,
        sum(person.state == "done" and not person.withdrawn for person in people),
        study.unlocked_at,
        people,
        tuple(judgments),
    )


def unlock(db: Database, slug: str, *, actor: str) -> None:
    """Show results before the planned listeners have finished; that it was done stays known.

    Raises:
        ValueError: there is no such study.
    """
    with db.write() as session:
        study = found(session, slug)
        if study.unlocked_at is None:
            study.unlocked_at = now()
            authored.audit(session, actor, "look early", subject=slug)


def exclude(db: Database, slug: str, listener: str, reason: str, *, actor: str) -> None:
    """Leave a listener out of the results; the answers stay.

    Raises:
        ValueError: there is no such listener, or no reason.
    """
    _say(db, slug, listener, reason, actor, excluded=True)


def restore(db: Database, slug: str, listener: str, reason: str, *, actor: str) -> None:
    """Take a listener in again; raises as `exclude`."""
    _say(db, slug, listener, reason, actor, excluded=False)


def _say(
    db: Database, slug: str, listener: str, reason: str, actor: str, *, excluded: bool
) -> None:
    if not reason.strip():
        raise ValueError("A reason is needed: it is published with the results. Write one.")
    with db.write() as session:
        study = found(session, slug)
        if listener not in {one.id for one in taken.listeners_of(session, study.id)}:
            raise ValueError("This listener is not of this study. Choose one of the list.")
        word = Exclusion(
            listener_id=listener, excluded=excluded, reason=reason.strip(), actor=actor
        )
        taken.add_exclusion(session, word)
        authored.audit(
            session,
            actor,
            "exclude" if excluded else "restore",
            subject=slug,
            payload={"listener": listener[-6:], "reason": reason.strip()},
        )


def _reason(word: Exclusion | None) -> str:
    return word.reason if word is not None and word.excluded else ""
