"""The tables of tuning: corpora that were checked, jobs, the models that came of them.

Files lie in `data_dir/tuned`, in folders that are named for the ids here. Rows stay when files are
deleted, so that it can be told for ever what a model was made of.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from emostudio.storage.tables import Base, one_of

SOURCES = ("upload", "folder", "manifest", "hub", "labels")
BUSY = ("running", "stopping")
LIVE = ("queued", *BUSY)
RESUMABLE = ("stopped", "interrupted", "failed")
JOB_STATES = (*LIVE, *RESUMABLE, "done")
MADE_BY = ("trained", "uploaded")


class Corpus(Base):
    """Recordings to train on, as they were taken over: a folder with metadata.csv.

    `report` is what the check found (`data.check`). `consent` is who said that the voices may be
    used, and in which words.
    """

    __tablename__ = "corpus"
    __table_args__ = (one_of("source", SOURCES),)

    name: Mapped[str] = mapped_column(String(40), unique=True)
    source: Mapped[str] = mapped_column(String(10))
    origin: Mapped[str] = mapped_column(String(400), default="")
    report: Mapped[dict[str, Any]]
    consent: Mapped[str] = mapped_column(default="")
    actor: Mapped[str] = mapped_column(String(100))
    removed_at: Mapped[datetime | None]


class Job(Base):
    """One tuning. `handle` is what the backend finds its process by; `probe` only measures.

    `tuning` are the fields of `jobs.tuning.Tuning`. `attempt` counts how often it was started.
    """

    __tablename__ = "job"
    __table_args__ = (one_of("state", JOB_STATES), Index("ix_job_state", "state"))

    corpus_id: Mapped[str] = mapped_column(ForeignKey("corpus.id"))
    tuning: Mapped[dict[str, Any]]
    backend: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(12), default="queued")
    probe: Mapped[bool] = mapped_column(default=False)
    handle: Mapped[dict[str, Any] | None]
    message: Mapped[str] = mapped_column(default="")
    attempt: Mapped[int] = mapped_column(default=0)
    actor: Mapped[str] = mapped_column(String(100))
    queued_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]


class Model(Base):
    """A checkpoint that was made or uploaded here.

    `sha256` is of its weights, `parents` are those of what it was made from, `corpora` the ids of
    what it was trained on. `gate` is the report of `evaluation.gate`, if it was compared.
    """

    __tablename__ = "model"
    __table_args__ = (
        one_of("made_by", MADE_BY),
        Index(
            "ix_model_name",
            "name",
            unique=True,
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
    )

    name: Mapped[str] = mapped_column(String(40))
    net: Mapped[str] = mapped_column(String(20))
    made_by: Mapped[str] = mapped_column(String(10))
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    parents: Mapped[dict[str, Any]]  # {name of a net: its sha256}
    corpora: Mapped[dict[str, Any]]  # {name: id}
    job_id: Mapped[str | None] = mapped_column(ForeignKey("job.id"))
    gate: Mapped[dict[str, Any] | None]
    card: Mapped[str] = mapped_column(default="")
    actor: Mapped[str] = mapped_column(String(100))
    removed_at: Mapped[datetime | None]


class Promotion(Base):
    """A model is offered in Speak and Convert, or no more: the last row of a model says which.

    `reason` is why it is offered although the gate refused it, in an administrator's words.
    """

    __tablename__ = "promotion"

    model_id: Mapped[str] = mapped_column(ForeignKey("model.id"), index=True)
    offered: Mapped[bool]
    reason: Mapped[str] = mapped_column(default="")
    actor: Mapped[str] = mapped_column(String(100))
