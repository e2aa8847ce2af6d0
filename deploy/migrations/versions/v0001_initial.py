"""Initial schema: ledgers, parts, offsets, dead letters, scores; hypertables; the read-only role's rights."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BYTEA, JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

HYPERTABLES = {
    "ledger_telemetry": ("time", "6 hours"),
    "ledger_department": ("time", "7 days"),
    "part_minute": ("bucket", "1 day"),
    "part_hour": ("bucket", "14 days"),
    "part_day": ("bucket", "365 days"),
    "cityscore": ("computed_at", "7 days"),
}
READABLE = (
    "catalogue_version",
    "city",
    "cityscore",
    "cityscore_current",
    "consumer_offset",
    "kpi_mark",
    "part_day",
    "part_hour",
    "part_minute",
    "source_activity",
)
"""What the read-only role sees: no event bodies, no rejected payloads, no keys."""


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
    _create_tables()
    for table, (column, chunk) in HYPERTABLES.items():
        op.execute(
            f"SELECT create_hypertable('{table}', by_range('{column}', INTERVAL '{chunk}'),"
            " create_default_indexes => false)"
        )
    op.execute("""
        INSERT INTO ledger_floor (event_class, floor) VALUES
          ('telemetry', now() - INTERVAL '14 days'), ('department', now() - INTERVAL '400 days')
    """)
    op.execute(f"""
        DO $$ BEGIN
          IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ahual_reader') THEN
            GRANT USAGE ON SCHEMA public TO ahual_reader;
            GRANT SELECT ON {", ".join(READABLE)} TO ahual_reader;
          END IF;
        END $$
    """)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: going back would drop the ledger")


def _create_tables() -> None:
    op.create_table(
        "catalogue_version",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("content", JSONB(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_table(
        "city",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", JSONB(), nullable=False, comment="{kk, ru, en}"),
        sa.Column("category", sa.Text(), nullable=False, comment="republican | regional | district"),
        sa.Column(
            "timezone", sa.Text(), nullable=False, comment="IANA name; days, weeks and months are the city's own"
        ),
        sa.Column("additional_initiatives", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("category in ('republican', 'regional', 'district')", name="city_category"),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "cityscore",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("catalogue_hash", sa.Text(), nullable=False),
        sa.Column("index", sa.Float(), nullable=True),
        sa.Column("lower", sa.Float(), nullable=False),
        sa.Column("upper", sa.Float(), nullable=False),
        sa.Column("coverage", sa.Float(), nullable=False),
        sa.Column("total", sa.Float(), nullable=True),
        sa.Column("rating", sa.Text(), nullable=True),
        sa.Column("snapshot", JSONB(), nullable=False),
    )
    op.create_index("cityscore_key", "cityscore", ["city", "computed_at"], unique=True)
    op.create_table(
        "consumer_offset",
        sa.Column("cluster", sa.Text(), nullable=False),
        sa.Column("topic_id", sa.Text(), nullable=False, comment="a recreated topic is another one"),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("first_offset", sa.BigInteger(), nullable=False),
        sa.Column("next_offset", sa.BigInteger(), nullable=False),
        sa.Column("stored", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("duplicate", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rejected", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "skipped", sa.BigInteger(), server_default="0", nullable=False, comment="gone from Kafka unread: loss"
        ),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("cluster", "topic_id", "partition"),
    )
    op.create_table(
        "dead_letter",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False, comment="topic/partition/offset of the record it came with"),
        sa.Column("rejected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("payload", BYTEA(), nullable=False),
        sa.Column("truncated", sa.Boolean(), nullable=False),
        sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("dead_letter_origin", "dead_letter", ["origin"], unique=True)
    op.create_index("dead_letter_rejected_at", "dead_letter", ["rejected_at"], unique=False)
    op.create_table(
        "kpi_mark",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("kpi", sa.Text(), nullable=False),
        sa.Column("partition", sa.SmallInteger(), nullable=False),
        sa.Column(
            "revision", sa.BigInteger(), nullable=False, comment="grows by 1 with every batch that changed the KPI"
        ),
        sa.PrimaryKeyConstraint("city", "kpi", "partition"),
    )
    op.create_table(
        "ledger_department",
        sa.Column("time", sa.DateTime(timezone=True), nullable=False, comment="when it happened"),
        sa.Column("id_hash", sa.BigInteger(), nullable=False, comment="64 bits over source and id"),
        sa.Column("content_hash", sa.BigInteger(), nullable=False, comment="64 bits over the canonical bytes"),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("partition", sa.SmallInteger(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False, comment="KPI 1.1's end of the latency"),
        sa.Column("body", sa.Text(), nullable=False, comment="the canonical event"),
    )
    op.create_index("ledger_department_identity", "ledger_department", ["id_hash", "time"], unique=True)
    op.create_table(
        "ledger_floor",
        sa.Column("event_class", sa.Text(), nullable=False),
        sa.Column("floor", sa.DateTime(timezone=True), nullable=False, comment="older events are rejected as too_old"),
        sa.PrimaryKeyConstraint("event_class"),
    )
    op.create_table(
        "ledger_telemetry",
        sa.Column("time", sa.DateTime(timezone=True), nullable=False, comment="when it happened"),
        sa.Column("id_hash", sa.BigInteger(), nullable=False, comment="64 bits over source and id"),
        sa.Column("content_hash", sa.BigInteger(), nullable=False, comment="64 bits over the canonical bytes"),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("partition", sa.SmallInteger(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False, comment="KPI 1.1's end of the latency"),
        sa.Column("body", sa.Text(), nullable=False, comment="the canonical event"),
    )
    op.create_index("ledger_telemetry_identity", "ledger_telemetry", ["id_hash", "time"], unique=True)
    op.create_table(
        "part_day",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("kpi", sa.Text(), nullable=False),
        sa.Column("component", sa.Text(), server_default="", nullable=False),
        sa.Column("district", sa.Text(), server_default="", nullable=False),
        sa.Column("bucket", sa.DateTime(timezone=True), nullable=False, comment="its begin; a day is city-local"),
        sa.Column("partition", sa.SmallInteger(), nullable=False, comment="so that two scorers never meet on a row"),
        sa.Column("numerator", sa.BigInteger(), nullable=False),
        sa.Column("denominator", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False, comment="events that entered"),
    )
    op.create_index(
        "part_day_key", "part_day", ["city", "kpi", "bucket", "component", "district", "partition"], unique=True
    )
    op.create_table(
        "part_hour",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("kpi", sa.Text(), nullable=False),
        sa.Column("component", sa.Text(), server_default="", nullable=False),
        sa.Column("district", sa.Text(), server_default="", nullable=False),
        sa.Column("bucket", sa.DateTime(timezone=True), nullable=False, comment="its begin; a day is city-local"),
        sa.Column("partition", sa.SmallInteger(), nullable=False, comment="so that two scorers never meet on a row"),
        sa.Column("numerator", sa.BigInteger(), nullable=False),
        sa.Column("denominator", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False, comment="events that entered"),
    )
    op.create_index(
        "part_hour_key", "part_hour", ["city", "kpi", "bucket", "component", "district", "partition"], unique=True
    )
    op.create_table(
        "part_minute",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("kpi", sa.Text(), nullable=False),
        sa.Column("component", sa.Text(), server_default="", nullable=False),
        sa.Column("district", sa.Text(), server_default="", nullable=False),
        sa.Column("bucket", sa.DateTime(timezone=True), nullable=False, comment="its begin; a day is city-local"),
        sa.Column("partition", sa.SmallInteger(), nullable=False, comment="so that two scorers never meet on a row"),
        sa.Column("numerator", sa.BigInteger(), nullable=False),
        sa.Column("denominator", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False, comment="events that entered"),
    )
    op.create_index(
        "part_minute_key", "part_minute", ["city", "kpi", "bucket", "component", "district", "partition"], unique=True
    )
    op.create_table(
        "source_activity",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("bucket", sa.DateTime(timezone=True), nullable=False, comment="hour of event time"),
        sa.Column("partition", sa.SmallInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("newest", sa.DateTime(timezone=True), nullable=False, comment="newest event time in the hour"),
        sa.PrimaryKeyConstraint("city", "system", "bucket", "partition"),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.Text(), nullable=False, comment="public first half of the key"),
        sa.Column("sha256", BYTEA(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["city"],
            ["city.code"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "cityscore_current",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False, comment="grows by 1 with every write, per city"),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("snapshot", JSONB(), nullable=False, comment="schemas/snapshot.py"),
        sa.ForeignKeyConstraint(
            ["city"],
            ["city.code"],
        ),
        sa.PrimaryKeyConstraint("city"),
    )
