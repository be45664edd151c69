"""The tables of studies, listeners and answers; what must hold is a rule of the schema.

Rows are only ever added, but for: the state of a study, its draft; the lease of an assignment; the
withdrawal of a listener. Responses can't be changed or deleted at all: triggers refuse it.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Double,
    ForeignKey,
    Index,
    MetaData,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from emostudio.storage.ids import new_id

STUDY_STATES = ("draft", "live", "closed")
ROLES = ("test", "reference", "gold", "trap", "practice")
BLOCKS = ("practice", "main")
EVENTS = (
    "load",
    "decode_error",
    "play",
    "pause",
    "ended",
    "seek",
    "blur",
    "focus",
    "change",
    "submit",
    "reconnect",
    "resume",
)


def now() -> datetime:
    """Return the time of the server, in UTC."""
    return datetime.now(timezone.utc)


class Utc(TypeDecorator[datetime]):
    """A time in UTC that says so, also from SQLite, which keeps no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Take a time with a zone, and only such."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a zone; use datetime.now(timezone.utc).")
        return value.astimezone(timezone.utc)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Give the zone back, whichever the database answers in."""
        if value is None:
            return None
        if value.tzinfo is None:
            return value.replace(tzinfo=timezone.utc)
        return value.astimezone(timezone.utc)


class Base(DeclarativeBase):
    """What every table has: an id that sorts by time, and the server's time."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        datetime: Utc,
        float: Double,
        dict[str, Any]: JSON(none_as_null=True),  # None is no value, not the JSON null
    }

    id: Mapped[str] = mapped_column(String(26), primary_key=True, default=new_id)
    created_at: Mapped[datetime] = mapped_column(default=now)


def one_of(column: str, choices: tuple[str, ...]) -> CheckConstraint:
    """Return the rule that a column holds one of these."""
    listed = ", ".join(f"'{choice}'" for choice in choices)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _within(column: str, low: float, high: float) -> CheckConstraint:
    return CheckConstraint(f"{column} BETWEEN {low:g} AND {high:g}", name=column)


class Study(Base):
    """A study. While it is a draft its protocol may change; from then on only its state."""

    __tablename__ = "study"
    __table_args__ = (one_of("state", STUDY_STATES),)

    slug: Mapped[str] = mapped_column(String(40), unique=True)
    state: Mapped[str] = mapped_column(String(8), default="draft")
    kind: Mapped[str] = mapped_column(String(16))
    protocol: Mapped[dict[str, Any]]
    protocol_hash: Mapped[str] = mapped_column(String(64))
    completion_code: Mapped[str] = mapped_column(String(16))
    listed: Mapped[bool] = mapped_column(default=False)  # on the public page of open studies
    frozen_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    unlocked_at: Mapped[datetime | None]  # results looked at before the planned listeners


class System(Base):
    """What is compared: a model, a person. Its name is never told to a listener."""

    __tablename__ = "system"
    __table_args__ = (UniqueConstraint("study_id", "name"),)

    study_id: Mapped[str] = mapped_column(ForeignKey("study.id"))
    name: Mapped[str] = mapped_column(String(200))


class Utterance(Base):
    """What is said, by whom: the column of the grid of systems and utterances."""

    __tablename__ = "utterance"
    __table_args__ = (UniqueConstraint("study_id", "name"),)

    study_id: Mapped[str] = mapped_column(ForeignKey("study.id"))
    name: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(default="")
    speaker: Mapped[str] = mapped_column(String(200), default="")
    language: Mapped[str] = mapped_column(String(16), default="")


class Stimulus(Base):
    """One clip of a study.

    `sha256` names the original file, `served_sha256` what listeners get (no tags, gain applied),
    both in the folder of sounds; `token` is all a browser ever sees of it. `emotion`, `intensity`
    (in [0, 1]) and `mix` are what was asked of it. `gold` are the fields of the right answer, where
    there is one. `guess` is the recognizer's, share by emotion.
    """

    __tablename__ = "stimulus"
    __table_args__ = (
        one_of("role", ROLES),
        _within("intensity", 0, 1),
        CheckConstraint("duration_s > 0", name="duration_s"),
        Index("ix_stimulus_cell", "study_id", "system_id", "utterance_id", "role", unique=True),
    )

    study_id: Mapped[str] = mapped_column(ForeignKey("study.id"))
    system_id: Mapped[str | None] = mapped_column(ForeignKey("system.id"))
    utterance_id: Mapped[str | None] = mapped_column(ForeignKey("utterance.id"))
    role: Mapped[str] = mapped_column(String(10), default="test")
    token: Mapped[str] = mapped_column(String(32), unique=True)
    sha256: Mapped[str] = mapped_column(String(64))
    served_sha256: Mapped[str] = mapped_column(String(64))
    duration_s: Mapped[float]
    sample_rate: Mapped[int]
    loudness_db: Mapped[float | None]  # LUFS of the original
    clipped: Mapped[float] = mapped_column(default=0.0)  # share of samples at full scale
    gain_db: Mapped[float] = mapped_column(default=0.0)
    emotion: Mapped[str] = mapped_column(String(32), default="")
    intensity: Mapped[float | None]
    mix: Mapped[dict[str, Any] | None]
    gold: Mapped[dict[str, Any] | None]
    guess: Mapped[dict[str, Any] | None]
    provenance: Mapped[dict[str, Any] | None]


class Listener(Base):
    """One listener of one study: no name, address or e-mail, and hashes of both codes."""

    __tablename__ = "listener"

    study_id: Mapped[str] = mapped_column(ForeignKey("study.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)  # to resume and to withdraw
    external_id: Mapped[str] = mapped_column(String(100), default="")  # given by a panel
    consent_hash: Mapped[str] = mapped_column(String(64))
    headphones: Mapped[bool | None]
    withdrawn_at: Mapped[datetime | None]


class Assignment(Base):
    """A row of the design lent to a listener; an abandoned one is lent again."""

    __tablename__ = "assignment"
    __table_args__ = (
        one_of("state", ("open", "done", "expired")),
        UniqueConstraint("listener_id"),
        Index(
            "ix_assignment_row",
            "study_id",
            "row",
            unique=True,
            sqlite_where=text("state <> 'expired'"),
            postgresql_where=text("state <> 'expired'"),
        ),
    )

    study_id: Mapped[str] = mapped_column(ForeignKey("study.id"), index=True)
    listener_id: Mapped[str] = mapped_column(ForeignKey("listener.id"))
    row: Mapped[int]
    state: Mapped[str] = mapped_column(String(8), default="open")
    leased_at: Mapped[datetime] = mapped_column(default=now)
    lease_until: Mapped[datetime]


class Trial(Base):
    """One screen of one listener. `swapped`: `other_id` is heard first, `stimulus_id` second."""

    __tablename__ = "trial"
    __table_args__ = (UniqueConstraint("assignment_id", "position"), one_of("block", BLOCKS))

    assignment_id: Mapped[str] = mapped_column(ForeignKey("assignment.id"))
    position: Mapped[int]
    block: Mapped[str] = mapped_column(String(8), default="main")
    stimulus_id: Mapped[str] = mapped_column(ForeignKey("stimulus.id"), index=True)
    other_id: Mapped[str | None] = mapped_column(ForeignKey("stimulus.id"))
    reference_id: Mapped[str | None] = mapped_column(ForeignKey("stimulus.id"))
    swapped: Mapped[bool] = mapped_column(default=False)
    repeated: Mapped[bool] = mapped_column(default=False)  # heard before in this row


class Response(Base):
    """One answer. A corrected one is a new row that names the one it supersedes.

    `value` of a pair is how much better or stronger `stimulus_id` is than `other_id`, whichever
    was heard first. Times heard are seconds, `plays` and `changes` counts, `client_ts` what the
    browser's clock said: never trusted.
    """

    __tablename__ = "response"
    __table_args__ = (
        UniqueConstraint("response_uid"),
        UniqueConstraint("supersedes_uid"),
        Index(
            "ix_response_first",
            "trial_id",
            unique=True,
            sqlite_where=text("supersedes_uid IS NULL"),
            postgresql_where=text("supersedes_uid IS NULL"),
        ),
        # The widest of each kind; the grades of a study's own scale are checked before.
        CheckConstraint(
            # A comparison with NULL is no refusal in SQL, so that NULL is asked about by name.
            "(kind IN ('emotion_id', 'mixed', 'label')"
            " AND value IS NULL AND emotion IS NOT NULL)"
            " OR value IS NOT NULL AND (kind IN ('mos', 'smos') AND value BETWEEN 1 AND 11"
            " OR kind = 'cmos' AND value BETWEEN -5 AND 5"
            " OR kind IN ('ab', 'intensity_pair') AND value IN (-1, 0, 1)"
            " OR kind = 'intensity' AND value IN (1, 2, 3))",
            name="value",
        ),
        CheckConstraint("kind <> 'emotion_id' OR intensity IS NOT NULL", name="strength"),
        CheckConstraint("second_emotion IS NULL OR second_emotion <> emotion", name="two"),
        _within("second_share", 0, 0.5),
        _within("intensity", 0, 1),
        _within("valence", 0, 1),
        _within("arousal", 0, 1),
        *(
            CheckConstraint(f"{name} >= 0", name=name)
            for name in ("rt_ms", "first_play_ms", "plays", "heard_s", "other_heard_s", "changes")
        ),
    )

    response_uid: Mapped[str] = mapped_column(String(36))
    supersedes_uid: Mapped[str | None] = mapped_column(String(36))
    listener_id: Mapped[str] = mapped_column(ForeignKey("listener.id"), index=True)
    trial_id: Mapped[str] = mapped_column(ForeignKey("trial.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    value: Mapped[float | None]
    emotion: Mapped[str | None] = mapped_column(String(32))
    second_emotion: Mapped[str | None] = mapped_column(String(32))
    second_share: Mapped[float | None]
    intensity: Mapped[float | None]
    valence: Mapped[float | None]
    arousal: Mapped[float | None]
    note: Mapped[str] = mapped_column(default="")
    rt_ms: Mapped[int | None]
    first_play_ms: Mapped[int | None]
    plays: Mapped[int] = mapped_column(default=0)
    heard_s: Mapped[float] = mapped_column(default=0.0)
    other_heard_s: Mapped[float | None]  # of the reference, or of the second clip on the screen
    changes: Mapped[int] = mapped_column(default=0)
    client_ts: Mapped[str] = mapped_column(String(40), default="")


class Event(Base):
    """What happened on a listener's page: plays, seeks, decode errors, reconnections."""

    __tablename__ = "event"
    __table_args__ = (one_of("kind", EVENTS),)

    listener_id: Mapped[str] = mapped_column(ForeignKey("listener.id"), index=True)
    trial_id: Mapped[str | None] = mapped_column(ForeignKey("trial.id"))
    kind: Mapped[str] = mapped_column(String(16))
    t_ms: Mapped[int]
    payload: Mapped[dict[str, Any] | None]


class Exclusion(Base):
    """An administrator leaves a listener out of the results, or takes them in again: the last."""

    __tablename__ = "exclusion"

    listener_id: Mapped[str] = mapped_column(ForeignKey("listener.id"), index=True)
    excluded: Mapped[bool]
    reason: Mapped[str]
    actor: Mapped[str] = mapped_column(String(100))


class Collected(Base):
    """A take that an administrator set aside for a study, with the passport it was made by."""

    __tablename__ = "collected"

    sha256: Mapped[str] = mapped_column(String(64))
    system: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(default="")
    speaker: Mapped[str] = mapped_column(String(200), default="")
    emotion: Mapped[str] = mapped_column(String(32), default="")
    intensity: Mapped[float | None]
    mix: Mapped[dict[str, Any] | None]
    passport: Mapped[dict[str, Any] | None]
    removed_at: Mapped[datetime | None]


class Audit(Base):
    """Who did what: freezing, closing, looking early, excluding, exporting."""

    __tablename__ = "audit"

    actor: Mapped[str] = mapped_column(String(100))
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(100), default="")
    payload: Mapped[dict[str, Any] | None]


class Journal(Base):
    """A file of the journal, by its name, and how much of it this database has.

    Written with every commit, so that after a kill one sees which lines are still to come. The
    journal has no line about this table.
    """

    __tablename__ = "journal"

    read_bytes: Mapped[int] = mapped_column(BigInteger)


class Sound(Base):
    """A sound of a study, where the disk beside the app may not last; see `shelf`.

    The journal has no line about this table: a sound is named for what it holds.
    """

    __tablename__ = "sound"

    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    data: Mapped[bytes]
