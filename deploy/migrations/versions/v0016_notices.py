"""Alerts to people: what is raised, and the messages about it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "notice_state",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False, comment="empty: it concerns the installation"),
        sa.Column("subject", sa.Text(), nullable=False, comment="KPI, system, partition …"),
        sa.Column("bad_since", _MOMENT, comment="while it waits to be raised"),
        sa.Column("raised_at", _MOMENT, comment="while it is raised"),
        sa.Column("good_since", _MOMENT, comment="while it waits to be cleared"),
        sa.Column("told_at", _MOMENT, comment="when it was raised or last reminded of"),
        sa.PrimaryKeyConstraint("rule", "city", "subject"),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="of the rule"),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False, comment="raised | reminded | cleared"),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("way", sa.Text(), nullable=False, comment="name in the file of rules"),
        sa.Column("facts", JSONB(), nullable=False, comment="as they were then"),
        sa.Column("due_at", _MOMENT, nullable=False, comment="after quiet hours"),
        sa.Column("sent_at", _MOMENT),
        sa.Column("dropped_at", _MOMENT, comment="well again before anybody heard of it"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failed_at", _MOMENT),
        sa.Column("failure", sa.Text()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "notice_waiting", "notice", ["way", "id"], postgresql_where=sa.text("sent_at IS NULL AND dropped_at IS NULL")
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
