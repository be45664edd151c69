"""Pairs of base and candidate that are heard blind: who compares can't know which is which.

The order within a pair is drawn here by a key that never leaves the machine, for each listener
anew, and the sounds are asked for by names that tell nothing. A vote is kept in the audit.
"""

from __future__ import annotations

import contextlib
import hmac
import secrets
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from emostudio.storage import authored

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from emostudio.evaluation.gate import Pair
    from emostudio.storage.database import Database

KEY = "blind.key"
ACTION = "hear blind"
PLACES = ("first", "second")
CHOICES = (*PLACES, "none")
ALL = 10_000  # entries of the audit; more than anybody hears


@dataclass(frozen=True)
class Tally:
    """What was preferred, over all who listened; `p` is that of the exact sign test.

    `interval` is the 95 % interval of the candidate's share of the votes that chose one (exact, by
    Clopper and Pearson), None where none did.
    """

    candidate: int
    base: int
    none: int
    p: float
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class Ballot:
    """The pairs of a gate's folder, as one listener hears them."""

    folder: Path
    pairs: tuple[Pair, ...]
    subject: str
    actor: str

    @property
    def in_order(self) -> list[Pair]:
        """The pairs in the order in which this listener hears them."""
        return sorted(self.pairs, key=lambda pair: self._drawn(pair.id, "order"))

    def token(self, pair: Pair, place: str) -> str:
        """Return the name by which this listener's browser asks for a sound."""
        return self._drawn(pair.id, place)

    def system_at(self, pair: Pair, place: str) -> str:
        """Return whose take is heard first or second: base or candidate."""
        candidate = PLACES[int(self._drawn(pair.id, "side"), 16) % 2]
        return "candidate" if place == candidate else "base"

    def files_of(self, token: str) -> tuple[Path, Path]:
        """Return the sound that a name stands for, and the one that it is compared with.

        Raises:
            ValueError: the name stands for none.
        """
        for pair in self.pairs:
            for place in PLACES:
                if hmac.compare_digest(self.token(pair, place).encode(), token.encode()):
                    ours, other = pair.base, pair.candidate
                    if self.system_at(pair, place) == "candidate":
                        ours, other = other, ours
                    return self.folder / ours, self.folder / other
        raise ValueError("There is no such sound. Reload the page.")

    def vote(self, db: Database, pair_id: str, choice: str) -> None:
        """Keep which of a pair this listener prefers: first, second or none.

        Raises:
            ValueError: there is no such pair or choice, or the listener has voted on it.
        """
        pair = next((pair for pair in self.pairs if pair.id == pair_id), None)
        if pair is None or choice not in CHOICES:
            raise ValueError("There is no such pair. Reload the page.")
        with db.write() as session:
            if (self.actor, pair_id) in votes_on(session, self.subject):
                raise ValueError("You have voted on this pair. Reload the page for the next one.")
            preferred = choice if choice == "none" else self.system_at(pair, choice)
            payload = {"pair": pair_id, "preferred": preferred}
            authored.audit(session, self.actor, ACTION, subject=self.subject, payload=payload)

    def voted(self, db: Database) -> dict[str, str]:
        """Return what this listener preferred, by pair: base, candidate or none."""
        with db.read() as session:
            votes = votes_on(session, self.subject)
        return {
            pair: preferred for (actor, pair), preferred in votes.items() if actor == self.actor
        }

    def _drawn(self, pair_id: str, what: str) -> str:
        message = f"{self.actor}\n{pair_id}\n{what}".encode()
        return hmac.new(_key(self.folder), message, "sha256").hexdigest()[:24]


def votes_on(session: Session, subject: str) -> dict[tuple[str, str], str]:
    """Return what was preferred, by who listened and the pair."""
    entries = authored.audits_of(session, subject, limit=ALL)
    return {
        (entry.actor, entry.payload["pair"]): entry.payload["preferred"]
        for entry in reversed(entries)
        if entry.action == ACTION and entry.payload
    }


def tally(preferred: list[str]) -> Tally:
    """Count votes for base, candidate or none.

    >>> tally(["candidate"] * 5 + ["none"]).p
    0.0625
    """
    from scipy.stats import binomtest

    counts = Counter(preferred)
    ours, decided = counts["candidate"], counts["candidate"] + counts["base"]
    if not decided:
        return Tally(0, 0, counts["none"], 1.0, None)
    test = binomtest(ours, decided)
    low, high = test.proportion_ci(0.95)
    p = round(float(test.pvalue), 6)
    return Tally(ours, counts["base"], counts["none"], p, (float(low), float(high)))


def _key(folder: Path) -> bytes:
    """Return the key of a folder; the first who asks draws it."""
    file = folder / KEY
    if not file.is_file():
        beside = file.with_suffix(f".{secrets.token_hex(4)}")
        beside.write_bytes(secrets.token_bytes(32))
        with contextlib.suppress(FileExistsError):  # somebody else has drawn one meanwhile
            file.hardlink_to(beside)
        beside.unlink()
    return file.read_bytes()
