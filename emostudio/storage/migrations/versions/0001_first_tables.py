"""The tables as they were first, and triggers that let nobody change or delete a response."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make them."""
    _authored()
    _taken()
    _administered()
    _append_only()


def _table(name: str, *items: Any) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("created_at", TIME, nullable=False),
        *items,
    )


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _authored() -> None:
    _table(
        "study",
        sa.Column("slug", sa.String(40), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("protocol", sa.JSON(), nullable=False),
        sa.Column("protocol_hash", sa.String(64), nullable=False),
        sa.Column("completion_code", sa.String(16), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("frozen_at", TIME),
        sa.Column("closed_at", TIME),
        sa.Column("unlocked_at", TIME),
        sa.CheckConstraint("state IN ('draft', 'live', 'closed')", name="state"),
        sa.UniqueConstraint("slug"),
    )
    _table(
        "system",
        sa.Column("study_id", sa.String(26), sa.ForeignKey("study.id"), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.UniqueConstraint("study_id", "name"),
    )
    _table(
        "utterance",
        sa.Column("study_id", sa.String(26), sa.ForeignKey("study.id"), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("speaker", sa.String(200), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.UniqueConstraint("study_id", "name"),
    )
    _table(
        "stimulus",
        sa.Column("study_id", sa.String(26), sa.ForeignKey("study.id"), nullable=False),
        sa.Column("system_id", sa.String(26), sa.ForeignKey("system.id")),
        sa.Column("utterance_id", sa.String(26), sa.ForeignKey("utterance.id")),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("served_sha256", sa.String(64), nullable=False),
        sa.Column("duration_s", sa.Double(), nullable=False),
        sa.Column("sample_rate", sa.Integer(), nullable=False),
        sa.Column("loudness_db", sa.Double()),
        sa.Column("clipped", sa.Double(), nullable=False),
        sa.Column("gain_db", sa.Double(), nullable=False),
        sa.Column("emotion", sa.String(32), nullable=False),
        sa.Column("intensity", sa.Double()),
        sa.Column("mix", sa.JSON()),
        sa.Column("gold", sa.JSON()),
        sa.Column("guess", sa.JSON()),
        sa.Column("provenance", sa.JSON()),
        sa.CheckConstraint("duration_s > 0", name="duration_s"),
        sa.CheckConstraint("intensity BETWEEN 0 AND 1", name="intensity"),
        sa.CheckConstraint(
            "role IN ('test', 'reference', 'gold', 'trap', 'practice')", name="role"
        ),
        sa.UniqueConstraint("token"),
    )
    op.create_index(
        "ix_stimulus_cell",
        "stimulus",
        ["study_id", "system_id", "utterance_id", "role"],
        unique=True,
    )
    _table(
        "collected",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("system", sa.String(200), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("speaker", sa.String(200), nullable=False),
        sa.Column("emotion", sa.String(32), nullable=False),
        sa.Column("intensity", sa.Double()),
        sa.Column("mix", sa.JSON()),
        sa.Column("passport", sa.JSON()),
        sa.Column("removed_at", TIME),
    )


def _taken() -> None:
    _table(
        "listener",
        sa.Column("study_id", sa.String(26), sa.ForeignKey("study.id"), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("external_id", sa.String(100), nullable=False),
        sa.Column("consent_hash", sa.String(64), nullable=False),
        sa.Column("headphones", sa.Boolean()),
        sa.Column("withdrawn_at", TIME),
        sa.UniqueConstraint("code_hash"),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_index("ix_listener_study_id", "listener", ["study_id"])
    _table(
        "assignment",
        sa.Column("study_id", sa.String(26), sa.ForeignKey("study.id"), nullable=False),
        sa.Column("listener_id", sa.String(26), sa.ForeignKey("listener.id"), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("leased_at", TIME, nullable=False),
        sa.Column("lease_until", TIME, nullable=False),
        sa.CheckConstraint("state IN ('open', 'done', 'expired')", name="state"),
        sa.UniqueConstraint("listener_id"),
    )
    op.create_index(
        "ix_assignment_row",
        "assignment",
        ["study_id", "row"],
        unique=True,
        **_where("state <> 'expired'"),
    )
    op.create_index("ix_assignment_study_id", "assignment", ["study_id"])
    _table(
        "trial",
        sa.Column("assignment_id", sa.String(26), sa.ForeignKey("assignment.id"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("block", sa.String(8), nullable=False),
        sa.Column("stimulus_id", sa.String(26), sa.ForeignKey("stimulus.id"), nullable=False),
        sa.Column("other_id", sa.String(26), sa.ForeignKey("stimulus.id")),
        sa.Column("reference_id", sa.String(26), sa.ForeignKey("stimulus.id")),
        sa.Column("swapped", sa.Boolean(), nullable=False),
        sa.Column("repeated", sa.Boolean(), nullable=False),
        sa.CheckConstraint("block IN ('practice', 'main')", name="block"),
        sa.UniqueConstraint("assignment_id", "position"),
    )
    op.create_index("ix_trial_stimulus_id", "trial", ["stimulus_id"])
    _table(
        "response",
        sa.Column("response_uid", sa.String(36), nullable=False),
        sa.Column("supersedes_uid", sa.String(36)),
        sa.Column("listener_id", sa.String(26), sa.ForeignKey("listener.id"), nullable=False),
        sa.Column("trial_id", sa.String(26), sa.ForeignKey("trial.id"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("value", sa.Double()),
        sa.Column("emotion", sa.String(32)),
        sa.Column("second_emotion", sa.String(32)),
        sa.Column("second_share", sa.Double()),
        sa.Column("intensity", sa.Double()),
        sa.Column("valence", sa.Double()),
        sa.Column("arousal", sa.Double()),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("rt_ms", sa.Integer()),
        sa.Column("first_play_ms", sa.Integer()),
        sa.Column("plays", sa.Integer(), nullable=False),
        sa.Column("heard_s", sa.Double(), nullable=False),
        sa.Column("other_heard_s", sa.Double()),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("client_ts", sa.String(40), nullable=False),
        sa.CheckConstraint("arousal BETWEEN 0 AND 1", name="arousal"),
        sa.CheckConstraint("changes >= 0", name="changes"),
        sa.CheckConstraint("first_play_ms >= 0", name="first_play_ms"),
        sa.CheckConstraint("heard_s >= 0", name="heard_s"),
        sa.CheckConstraint("intensity BETWEEN 0 AND 1", name="intensity"),
        sa.CheckConstraint("other_heard_s >= 0", name="other_heard_s"),
        sa.CheckConstraint("plays >= 0", name="plays"),
        sa.CheckConstraint("rt_ms >= 0", name="rt_ms"),
        sa.CheckConstraint("second_share BETWEEN 0 AND 0.5", name="second_share"),
        sa.CheckConstraint("kind <> 'emotion_id' OR intensity IS NOT NULL", name="strength"),
        sa.CheckConstraint("second_emotion IS NULL OR second_emotion <> emotion", name="two"),
        sa.CheckConstraint("valence BETWEEN 0 AND 1", name="valence"),
        sa.CheckConstraint(
            "(kind IN ('emotion_id', 'mixed', 'label')"
            " AND value IS NULL AND emotion IS NOT NULL)"
            " OR value IS NOT NULL AND (kind IN ('mos', 'smos') AND value BETWEEN 1 AND 11"
            " OR kind = 'cmos' AND value BETWEEN -5 AND 5"
            " OR kind IN ('ab', 'intensity_pair') AND value IN (-1, 0, 1)"
            " OR kind = 'intensity' AND value IN (1, 2, 3))",
            name="value",
        ),
        sa.UniqueConstraint("response_uid"),
        sa.UniqueConstraint("supersedes_uid"),
    )
    op.create_index(
        "ix_response_first",
        "response",
        ["trial_id"],
        unique=True,
        **_where("supersedes_uid IS NULL"),
    )
    op.create_index("ix_response_listener_id", "response", ["listener_id"])
    op.create_index("ix_response_trial_id", "response", ["trial_id"])
    _table(
        "event",
        sa.Column("listener_id", sa.String(26), sa.ForeignKey("listener.id"), nullable=False),
        sa.Column("trial_id", sa.String(26), sa.ForeignKey("trial.id")),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("t_ms", sa.Integer(), nullable=False),
        sa.Column("payload", sa.JSON()),
        sa.CheckConstraint(
            "kind IN ('load', 'decode_error', 'play', 'pause', 'ended', 'seek', 'blur', "
            "'focus', 'change', 'submit', 'reconnect', 'resume')",
            name="kind",
        ),
    )
    op.create_index("ix_event_listener_id", "event", ["listener_id"])
    _table(
        "exclusion",
        sa.Column("listener_id", sa.String(26), sa.ForeignKey("listener.id"), nullable=False),
        sa.Column("excluded", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("actor", sa.String(100), nullable=False),
    )
    op.create_index("ix_exclusion_listener_id", "exclusion", ["listener_id"])


def _administered() -> None:
    _table(
        "audit",
        sa.Column("actor", sa.String(100), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(100), nullable=False),
        sa.Column("payload", sa.JSON()),
    )
    _table(
        "journal",
        sa.Column("read_bytes", sa.BigInteger(), nullable=False),
    )
    _table(
        "sound",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("sha256"),
    )


def _append_only() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER response_no_{verb.lower()} BEFORE {verb} ON response "
                "BEGIN SELECT RAISE(ABORT, 'responses are only ever added'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_response() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE restrict_violation USING MESSAGE = 'responses are only ever added'; END $$"
    )
    op.execute(
        "CREATE TRIGGER response_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON response "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_response()"
    )
