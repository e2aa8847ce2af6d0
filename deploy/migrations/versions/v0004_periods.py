"""Closed periods with their revisions, the closed and the yearly index, and the live index as it was known."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

HISTORIES = {"cityscore_hour": "90 days", "cityscore_day": "730 days"}
READABLE = ("cityscore_hour", "cityscore_day", "cityscore_closed", "cityscore_yearly", "closed_period", "changed_day")


def upgrade() -> None:
    for table, chunk in HISTORIES.items():
        _create_history(table)
        op.execute(
            f"SELECT create_hypertable('{table}', by_range('computed_at', INTERVAL '{chunk}'),"
            " create_default_indexes => false)"
        )
    _create_indexes()
    _create_closed_periods()
    op.execute(f"""
        DO $$ BEGIN
          IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ahual_reader') THEN
            GRANT SELECT ON {", ".join(READABLE)} TO ahual_reader;
          END IF;
        END $$
    """)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: closed values and their revisions would be lost")


def _figures() -> list[sa.Column[Any]]:
    return [
        sa.Column("catalogue_hash", sa.Text(), nullable=False),
        sa.Column("index", sa.Float(), nullable=True),
        sa.Column("lower", sa.Float(), nullable=False),
        sa.Column("upper", sa.Float(), nullable=False),
        sa.Column("coverage", sa.Float(), nullable=False),
        sa.Column("total", sa.Float(), nullable=True),
        sa.Column("rating", sa.Text(), nullable=True),
    ]


def _create_history(table: str) -> None:
    op.create_table(
        table,
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        *_figures(),
        sa.Column("snapshot", JSONB(), nullable=False),
    )
    op.create_index(f"{table}_key", table, ["city", "computed_at"], unique=True)


def _create_indexes() -> None:
    op.create_table(
        "cityscore_closed",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False, comment="grows by 1 with every stored change, per city"),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        *_figures(),
        sa.Column("snapshot", JSONB(), nullable=False, comment="schemas/snapshot.py, ClosedSnapshot"),
        sa.PrimaryKeyConstraint("city", "revision"),
    )
    op.create_index("cityscore_closed_computed_at", "cityscore_closed", ["city", "computed_at"])
    op.create_table(
        "cityscore_yearly",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column(
            "revision", sa.Integer(), nullable=False, comment="1 is the frozen, official one; later ones stand beside"
        ),
        sa.Column("hash", sa.Text(), nullable=False, comment="SHA-256 over the evaluation's canonical JSON"),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("evaluation", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("city", "year", "revision"),
    )


def _create_closed_periods() -> None:
    op.create_table(
        "closed_period",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("kpi", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False, comment="day | week | month | quarter | year, city-local"),
        sa.Column("end", sa.DateTime(timezone=True), nullable=False, comment="excluded"),
        sa.Column("revision", sa.Integer(), nullable=False, comment="from 1; the highest counts"),
        sa.Column("begin", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="2027-03-09, 2027-W05, 2027-03, 2027-Q1, 2027"),
        sa.Column("value", sa.Float(), nullable=True, comment="in the order's unit"),
        sa.Column(
            "parts", JSONB(), nullable=True, comment="values by part instead, where the order asks for several (1.4)"
        ),
        sa.Column("numerator", sa.BigInteger(), nullable=True, comment="smallest unit"),
        sa.Column("denominator", sa.BigInteger(), nullable=True, comment="smallest unit"),
        sa.Column("events", sa.BigInteger(), nullable=True, comment="that entered"),
        sa.Column("attainment", sa.Float(), nullable=True, comment="0…1; null without value or target"),
        sa.Column("target", JSONB(), nullable=True, comment="of the city's category, when computed"),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("freshness", sa.Text(), nullable=False, comment="judged at the end"),
        sa.Column(
            "newest", sa.DateTime(timezone=True), nullable=True, comment="event time of the newest data before the end"
        ),
        sa.Column(
            "coverage", sa.Float(), nullable=True, comment="share of hours or days in which the sources reported, 0…1"
        ),
        sa.Column("catalogue_hash", sa.Text(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "difference",
            sa.Float(),
            nullable=True,
            comment="value minus the previous revision's, where both have one",
        ),
        sa.PrimaryKeyConstraint("city", "kpi", "period", "end", "revision"),
    )
    op.create_table(
        "changed_day",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("day", sa.DateTime(timezone=True), nullable=False, comment="begin of a city-local day that is over"),
        sa.Column("kpi", sa.Text(), nullable=False),
        sa.Column("onwards", sa.Boolean(), nullable=False, comment="the days after it changed too"),
        sa.Column("partition", sa.SmallInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False, comment="grows by 1 with every batch"),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("city", "day", "kpi", "onwards", "partition"),
    )
