"""Corpora, jobs, models and their promotions."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make them."""
    _table(
        "corpus",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("source", sa.String(10), nullable=False),
        sa.Column("origin", sa.String(400), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("consent", sa.String(), nullable=False),
        sa.Column("actor", sa.String(100), nullable=False),
        sa.Column("removed_at", TIME),
        sa.CheckConstraint(
            "source IN ('upload', 'folder', 'manifest', 'hub', 'labels')", name="source"
        ),
        sa.UniqueConstraint("name"),
    )
    _table(
        "job",
        sa.Column("corpus_id", sa.String(26), sa.ForeignKey("corpus.id"), nullable=False),
        sa.Column("tuning", sa.JSON(), nullable=False),
        sa.Column("backend", sa.String(20), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("probe", sa.Boolean(), nullable=False),
        sa.Column("handle", sa.JSON()),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(100), nullable=False),
        sa.Column("queued_at", TIME, nullable=False),
        sa.Column("started_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("removed_at", TIME),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'stopping', 'stopped', 'interrupted', 'failed', "
            "'done')",
            name="state",
        ),
    )
    op.create_index("ix_job_state", "job", ["state"])
    _table(
        "model",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("net", sa.String(20), nullable=False),
        sa.Column("made_by", sa.String(10), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("parents", sa.JSON(), nullable=False),
        sa.Column("corpora", sa.JSON(), nullable=False),
        sa.Column("job_id", sa.String(26), sa.ForeignKey("job.id")),
        sa.Column("gate", sa.JSON()),
        sa.Column("card", sa.String(), nullable=False),
        sa.Column("actor", sa.String(100), nullable=False),
        sa.Column("removed_at", TIME),
        sa.CheckConstraint("made_by IN ('trained', 'uploaded')", name="made_by"),
    )
    kept = sa.text("removed_at IS NULL")
    op.create_index(
        "ix_model_name", "model", ["name"], unique=True, sqlite_where=kept, postgresql_where=kept
    )
    _table(
        "promotion",
        sa.Column("model_id", sa.String(26), sa.ForeignKey("model.id"), nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("actor", sa.String(100), nullable=False),
    )
    op.create_index("ix_promotion_model_id", "promotion", ["model_id"])


def _table(name: str, *items: Any) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("created_at", TIME, nullable=False),
        *items,
    )
