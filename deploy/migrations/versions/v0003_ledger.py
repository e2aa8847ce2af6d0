"""The ledger's form: a narrow row per event, and the bodies of a batch in one compressed row.

What a ledger holds already is converted transaction by transaction: events of one partition that were stored at the
same moment become one batch. Their cluster and topic were not written down with them and stay empty.
"""

from __future__ import annotations

import cramjam
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BYTEA, JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CHUNKS = {"telemetry": "6 hours", "department": "7 days"}
BATCH_CHUNKS = {"telemetry": "1 day", "department": "7 days"}


def upgrade() -> None:
    op.add_column(
        "consumer_offset",
        sa.Column(
            "measures",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="hash of the measures its parts follow",
        ),
    )
    op.execute(sa.schema.CreateSequence(sa.Sequence("ledger_batch_id", data_type=sa.BigInteger())))
    for event_class in CHUNKS:
        op.execute(f"ALTER TABLE ledger_{event_class} RENAME TO ledger_{event_class}_before")
        op.drop_index(f"ledger_{event_class}_identity", f"ledger_{event_class}_before")
        _create_ledger(event_class)
        _convert(event_class)
        op.drop_table(f"ledger_{event_class}_before")
    _create_corrections()
    _create_measures()


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")


def _create_ledger(event_class: str) -> None:
    ledger, batch = f"ledger_{event_class}", f"ledger_batch_{event_class}"
    op.create_table(
        ledger,
        sa.Column("time", sa.DateTime(timezone=True), nullable=False, comment="when it happened"),
        sa.Column("id_hash", sa.BigInteger(), nullable=False, comment="64 bits over source and id"),
        sa.Column("content_hash", sa.BigInteger(), nullable=False, comment="64 bits over the canonical bytes"),
        sa.Column("batch", sa.BigInteger(), nullable=False, comment="ledger_batch_….id"),
        sa.Column("position", sa.Integer(), nullable=False, comment="line of the batch's bodies, from 0"),
    )
    op.create_index(f"{ledger}_identity", ledger, ["id_hash", "time"], unique=True)
    op.create_table(
        batch,
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("cluster", sa.Text(), nullable=False),
        sa.Column("topic_id", sa.Text(), nullable=False),
        sa.Column("partition", sa.SmallInteger(), nullable=False),
        sa.Column("first_offset", sa.BigInteger(), nullable=False),
        sa.Column("last_offset", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False, comment="KPI 1.1's end of the latency"),
        sa.Column("first_time", sa.DateTime(timezone=True), nullable=False, comment="oldest event"),
        sa.Column("last_time", sa.DateTime(timezone=True), nullable=False, comment="newest event"),
        sa.Column("count", sa.Integer(), nullable=False, comment="events"),
        sa.Column("bodies", BYTEA(), nullable=False, comment="services/scorer/bodies.py"),
    )
    op.create_index(f"{batch}_id", batch, ["id", "last_time"], unique=True)
    op.create_index(f"{batch}_partition", batch, ["partition", "last_time"])
    # They are compressed already.
    op.execute(f"ALTER TABLE {batch} ALTER COLUMN bodies SET STORAGE EXTERNAL")
    for table, column, chunk in (
        (ledger, "time", CHUNKS[event_class]),
        (batch, "last_time", BATCH_CHUNKS[event_class]),
    ):
        op.execute(
            f"SELECT create_hypertable('{table}', by_range('{column}', INTERVAL '{chunk}'),"
            " create_default_indexes => false)"
        )


def _create_corrections() -> None:
    op.create_table(
        "correction",
        sa.Column("event_class", sa.Text(), nullable=False),
        sa.Column(
            "time", sa.DateTime(timezone=True), nullable=False, comment="with id_hash the superseded event's key"
        ),
        sa.Column("id_hash", sa.BigInteger(), nullable=False),
        sa.Column(
            "by_time", sa.DateTime(timezone=True), nullable=False, comment="with by_id_hash the superseding event's"
        ),
        sa.Column("by_id_hash", sa.BigInteger(), nullable=False),
        sa.Column("partition", sa.SmallInteger(), nullable=False, comment="of the superseding event"),
        sa.PrimaryKeyConstraint("event_class", "time", "id_hash"),
    )


def _create_measures() -> None:
    op.create_table(
        "measure_set",
        sa.Column("hash", sa.Text(), nullable=False, comment="of all measures of a catalogue"),
        sa.Column(
            "number", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="newer sets have greater ones"
        ),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_table(
        "measured_under",
        sa.Column("partition", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="kpi | city | set"),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False, comment="services/scorer/versions.py"),
        sa.PrimaryKeyConstraint("partition", "kind", "code"),
    )
    op.create_table(
        "rebuild",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False, comment="who started it"),
        sa.Column("reason", sa.Text(), nullable=False, comment="rebuild | measures changed"),
        sa.Column("partition", sa.SmallInteger(), nullable=False),
        sa.Column("table", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("kpi", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False, comment="that differed"),
        sa.Column("first", sa.DateTime(timezone=True), nullable=False, comment="bucket"),
        sa.Column("last", sa.DateTime(timezone=True), nullable=False, comment="bucket"),
        sa.Column("added", JSONB(), nullable=False, comment="sum per column"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "rebuild_horizon",
        sa.Column("kpi", sa.Text(), nullable=False),
        sa.Column(
            "bucket",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="earlier ones have events no longer kept",
        ),
        sa.PrimaryKeyConstraint("kpi"),
    )
    op.execute("""
        DO $$ BEGIN
          IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ahual_reader') THEN
            GRANT SELECT ON correction, measure_set, measured_under, rebuild, rebuild_horizon TO ahual_reader;
          END IF;
        END $$
    """)


def _convert(event_class: str) -> None:
    connection = op.get_bind()
    before = f"ledger_{event_class}_before"
    op.create_index(f"{before}_stored", before, ["partition", "stored_at"])
    stored = connection.execute(sa.text(f"SELECT DISTINCT partition, stored_at FROM {before} ORDER BY 2, 1"))  # noqa: S608
    for partition, stored_at in stored.all():
        _convert_batch(connection, event_class, {"partition": partition, "stored_at": stored_at})


def _convert_batch(connection: sa.Connection, event_class: str, batch: dict[str, object]) -> None:
    of_batch = f"FROM ledger_{event_class}_before WHERE partition = :partition AND stored_at = :stored_at"
    order = '"offset", id_hash, time'
    number = connection.execute(sa.text("SELECT nextval('ledger_batch_id')")).scalar_one()
    lines = connection.execute(sa.text(f"SELECT body {of_batch} ORDER BY {order}"), batch).scalars()
    joined = "\n".join(line.replace("\n", " ") for line in lines).encode()
    new = {**batch, "id": number, "bodies": bytes(cramjam.zstd.compress(joined, level=1))}
    connection.execute(
        sa.text(f"""
            INSERT INTO ledger_{event_class} (time, id_hash, content_hash, batch, position)
            SELECT time, id_hash, content_hash, :id, row_number() OVER (ORDER BY {order}) - 1 {of_batch}
        """),
        new,
    )
    connection.execute(
        sa.text(f"""
            INSERT INTO ledger_batch_{event_class}
            SELECT :id, '', '', :partition, min("offset"), max("offset"), :stored_at, min(time), max(time), count(*),
              :bodies {of_batch}
        """),
        new,
    )
