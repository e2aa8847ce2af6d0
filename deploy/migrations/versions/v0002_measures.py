"""What the measures keep beside parts: bins of durations and dated entries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CHUNKS = {"bin_minute": "1 day", "bin_hour": "14 days", "bin_day": "365 days"}


def upgrade() -> None:
    for table, chunk in CHUNKS.items():
        _create_bins(table)
        op.execute(
            f"SELECT create_hypertable('{table}', by_range('bucket', INTERVAL '{chunk}'),"
            " create_default_indexes => false)"
        )
    _create_entries()
    op.execute(f"""
        DO $$ BEGIN
          IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ahual_reader') THEN
            GRANT SELECT ON {", ".join(CHUNKS)}, entry TO ahual_reader;
          END IF;
        END $$
    """)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")


def _create_bins(table: str) -> None:
    op.create_table(
        table,
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("kpi", sa.Text(), nullable=False),
        sa.Column("bucket", sa.DateTime(timezone=True), nullable=False, comment="its begin; a day is city-local"),
        sa.Column("partition", sa.SmallInteger(), nullable=False),
        sa.Column("bin", sa.SmallInteger(), nullable=False, comment="services/scorer/histogram.py"),
        sa.Column("count", sa.BigInteger(), nullable=False, comment="durations that fell into the bin"),
    )
    op.create_index(f"{table}_key", table, ["city", "kpi", "bucket", "bin", "partition"], unique=True)


def _create_entries() -> None:
    op.create_table(
        "entry",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("kpi", sa.Text(), nullable=False),
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("term", sa.SmallInteger(), nullable=False, comment="of the measure; −1, −2 … are its base's"),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="the event's; per term and source the newest holds"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="from when the value holds"),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False, comment="with id_hash the event's key"),
        sa.Column("id_hash", sa.BigInteger(), nullable=False),
        sa.Column("partition", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False, comment="smallest unit"),
        sa.Column("count", sa.BigInteger(), nullable=False, comment="summed over partitions 0 when it was taken back"),
        sa.Column(
            "until", sa.DateTime(timezone=True), nullable=True, comment="when it ceases to hold, if the event says so"
        ),
        sa.PrimaryKeyConstraint(
            "city", "kpi", "component", "term", "district", "source", "at", "time", "id_hash", "partition"
        ),
    )
