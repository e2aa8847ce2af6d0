"""Deliveries to SDU, where they were sent, and what SDU answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

READABLE = ("delivery", "delivery_sent", "delivery_progress", "sdu_answer")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_index("closed_period_computed_at", "closed_period", ["city", "computed_at"])
    _create_deliveries()
    _create_answers()
    op.execute(f"""
        DO $$ BEGIN
          IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ahual_reader') THEN
            GRANT SELECT ON {", ".join(READABLE)} TO ahual_reader;
          END IF;
        END $$
    """)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")


def _create_deliveries() -> None:
    op.create_table(
        "delivery",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False, comment="day | week | month | quarter | year, city-local"),
        sa.Column("end", _MOMENT, nullable=False, comment="excluded"),
        sa.Column(
            "revision",
            sa.Integer(),
            nullable=False,
            autoincrement=False,
            comment="from 1; a later one stands beside the earlier",
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="2027-03-09, 2027-W05, 2027-03, 2027-Q1, 2027"),
        sa.Column("revisions", JSONB(), nullable=False, comment="KPI → revision of its closed value"),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("manifest_sha256", sa.Text(), nullable=False),
        sa.Column("generated_at", _MOMENT, nullable=False, comment="of the newest value in it"),
        sa.Column("stored_at", _MOMENT, nullable=False),
        sa.Column("receipt", sa.Text(), comment="SDU's reference"),
        sa.Column("received_at", _MOMENT, comment="when the receipt was recorded"),
        sa.PrimaryKeyConstraint("city", "period", "end", "revision"),
    )
    op.create_table(
        "delivery_sent",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("end", _MOMENT, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("way", sa.Text(), nullable=False, comment="name of the way out"),
        sa.Column("sent_at", _MOMENT, comment="null: not yet"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failed_at", _MOMENT),
        sa.Column("failure", sa.Text()),
        sa.PrimaryKeyConstraint("city", "period", "end", "revision", "way"),
    )
    op.create_table(
        "delivery_progress",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("through", _MOMENT, nullable=False, comment="values stored before are delivered"),
        sa.PrimaryKeyConstraint("city"),
    )


def _create_answers() -> None:
    op.create_table(
        "sdu_answer",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("kpi", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="2027-03-09, 2027-W05, 2027-03, 2027-Q1, 2027"),
        sa.Column("answered_at", _MOMENT, nullable=False),
        sa.Column("status", sa.Text(), nullable=False, comment="confirmed | corrected"),
        sa.Column("value", sa.Float(), nullable=False, comment="SDU's, in the order's unit"),
        sa.Column("reference", sa.Text(), nullable=False, server_default=""),
        sa.Column("imported_at", _MOMENT, nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("city", "kpi", "period", "name", "answered_at"),
        sa.CheckConstraint("status in ('confirmed', 'corrected')", name="sdu_answer_status"),
    )
