"""Who takes part: codes, tokens, and the rows that belong to them.

A listener has a code to write down. The browser's token is made of it by a hash, and the database
keeps a hash of each: who holds the database can't answer for a listener, and who has the code can
go on elsewhere.
"""

from __future__ import annotations

import hashlib
import math
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from emostudio.listening.protocol import Protocol
from emostudio.storage import authored, taken
from emostudio.storage.ids import ALPHABET
from emostudio.storage.tables import Assignment, Listener, Study, now

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

CODE_LETTERS = 12  # 60 random bits
MOST = 2**31 - 1  # that PostgreSQL's integers hold
RENEW_AT = 0.75  # of a lease: not each answer has to write it
_LOOKALIKES = str.maketrans("OIL", "011")


class UnknownStudyError(LookupError):
    """There is no such study, or it has not begun."""


class UnknownListenerError(LookupError):
    """No listener of this study has that token or code."""


class WithdrawnError(ValueError):
    """The listener has withdrawn all answers."""


@dataclass(frozen=True)
class Part:
    """A listener's part in a study: the rows that a request is about."""

    study: Study
    protocol: Protocol
    listener: Listener
    assignment: Assignment


def study_of(session: Session, slug: str) -> tuple[Study, Protocol]:
    """Return a study that listeners may know of, and its protocol.

    Raises:
        UnknownStudyError: there is no such study, or it is a draft.
    """
    study = authored.study_by_slug(session, slug)
    if study is None or study.state == "draft":
        raise UnknownStudyError("There is no test at this address. Look at the link again.")
    return study, Protocol.from_json(study.protocol)


def part_of(session: Session, slug: str, *, token: str = "", code: str = "") -> Part:
    """Return the part of the listener who has a token or a code.

    Raises:
        UnknownStudyError: there is no such study.
        UnknownListenerError: nobody has that token or code.
        WithdrawnError: all answers were withdrawn.
    """
    study, protocol = study_of(session, slug)
    if code:
        listener = taken.listener_by_code_hash(session, digest(code_of(code)))
    else:
        listener = taken.listener_by_token_hash(session, digest(token))
    assignment = listener and taken.assignment_of(session, listener.id)
    if listener is None or assignment is None or listener.study_id != study.id:
        raise UnknownListenerError(
            "This code is not known here. Compare it letter by letter."
            if code
            else "This browser has not started here. Reload the page to start."
        )
    if listener.withdrawn_at is not None:
        raise WithdrawnError("Your answers were withdrawn. Thank you all the same.")
    return Part(study, protocol, listener, assignment)


def renew(session: Session, part: Part) -> None:
    """Keep the row for a listener who is there, if it is time to say so."""
    lease = timedelta(minutes=part.protocol.lease_min)
    if part.assignment.lease_until < now() + RENEW_AT * lease:
        taken.renew_lease(session, part.assignment, now() + lease)


def new_code() -> str:
    """Return a code that nobody can guess."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LETTERS))


def code_of(typed: object) -> str:
    """Return a code as it was meant: small letters, gaps and look-alikes are no mistake.

    >>> code_of(" abcd-efgh-o1lk ")
    'ABCDEFGH011K'

    Raises:
        UnknownListenerError: no code looks so.
    """
    letters = "".join(letter for letter in str(typed).upper() if letter.isalnum())
    letters = letters.translate(_LOOKALIKES)
    if len(letters) != CODE_LETTERS or set(letters) - set(ALPHABET):
        raise UnknownListenerError(f"A code has {CODE_LETTERS} letters and digits. Type it again.")
    return letters


def shown(code: str) -> str:
    """Return a code as people read it, in groups of four."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def token_of(code: str) -> str:
    """Return the browser's token: whoever has the code has it, not the other way round."""
    return digest(f"token {code}")


def digest(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def clean(text: Any, limit: int) -> str:
    """Return a text that every database takes, cut to a length; "" for what is none."""
    if not isinstance(text, str):
        return ""
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:limit].strip()


def panel_id(given: Any) -> str:
    """Return the name that a panel gave a listener; "" for an e-mail address, which nobody keeps.

    >>> panel_id("5f3c9a"), panel_id("anna@example.org")
    ('5f3c9a', '')
    """
    name = clean(given, 100)
    return "" if "@" in name else name


def number(given: Any) -> float | None:
    """Return a number that can be: finite and not negative; None for anything else."""
    if isinstance(given, bool) or not isinstance(given, int | float):
        return None
    return float(given) if math.isfinite(given) and 0 <= given <= MOST else None


def count(given: Any) -> int | None:
    """Return a whole number that can be, or None."""
    known = number(given)
    return None if known is None else round(known)
