"""What each source was heard of: devices, measuring channels, declared intervals; views of sources and offsets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, INT8MULTIRANGE

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

READABLE = ("source_channel", "source_device", "source_registry", "v_reconciliation", "v_source")


def upgrade() -> None:
    _create_tables()
    for statement in (*FUNCTIONS, SOURCES, RECONCILIATION):
        op.execute(statement)
    op.execute(f"""
        DO $$ BEGIN
          IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ahual_reader') THEN
            GRANT SELECT ON {", ".join(READABLE)} TO ahual_reader;
          END IF;
        END $$
    """)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")


def _create_tables() -> None:
    op.create_table(
        "source_device",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("partition", sa.SmallInteger(), nullable=False, comment="so that two scorers never meet on a row"),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False, comment="its first arrival in Kafka"),
        sa.Column("newest_time", sa.DateTime(timezone=True), nullable=False, comment="newest event time"),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False, comment="newest arrival in Kafka"),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False, comment="when the newest was stored"),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("clockless", sa.Boolean(), nullable=False, comment="its newest event came without a time"),
        sa.Column("gaps", ARRAY(sa.BigInteger()), nullable=False, comment="ms of silence, longest per minute"),
        sa.Column("drifts", ARRAY(sa.BigInteger()), nullable=False, comment="ms its clock is ahead, per minute"),
        sa.Column("sequence_seen", INT8MULTIRANGE(), nullable=False, comment="at most 64 ranges"),
        sa.Column("sequence_floor", sa.BigInteger(), comment="gaps below it are settled in sequence_lost"),
        sa.Column("sequence_lost", sa.BigInteger(), nullable=False),
        sa.Column("sequence_restarts", sa.BigInteger(), nullable=False),
        sa.Column("learned_ms", sa.BigInteger(), comment="expected interval, from gaps"),
        sa.Column("drift_ms", sa.BigInteger(), comment="how far its clock is ahead, from drifts"),
        sa.Column("missing", sa.BigInteger(), nullable=False, comment="sequence_lost and the gaps in sequence_seen"),
        sa.PrimaryKeyConstraint("city", "system", "device", "partition"),
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "source_channel",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("partition", sa.SmallInteger(), nullable=False),
        sa.Column("newest_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value_hash", sa.BigInteger(), nullable=False, comment="of what was measured, without times"),
        sa.Column("same_since", sa.DateTime(timezone=True), nullable=False, comment="first event with this value"),
        sa.Column("same_count", sa.BigInteger(), nullable=False, comment="events in a row with this value"),
        sa.PrimaryKeyConstraint("city", "system", "device", "channel", "partition"),
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "source_registry",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), server_default="", nullable=False, comment="empty: every device of the system"),
        sa.Column("interval_s", sa.Float(), nullable=False, comment="how often it is expected to report"),
        sa.CheckConstraint("interval_s > 0", name="source_registry_interval"),
        sa.ForeignKeyConstraint(["city"], ["city.code"]),
        sa.PrimaryKeyConstraint("city", "system", "device"),
    )


FUNCTIONS = (
    # Numbers between the smallest and the largest seen that were not seen. A jump of more than a million is a counter
    # that was set anew, not a loss.
    """
    CREATE FUNCTION sequence_missing(seen int8multirange) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
      SELECT coalesce(sum(gap) FILTER (WHERE gap <= 1000000), 0)::bigint
      FROM (SELECT lower(r) - lag(upper(r)) OVER (ORDER BY r) AS gap FROM unnest(seen) AS r) AS gaps
    $$
    """,
    # Numbers join what was seen, in any order. One that was seen before can only be a counter that started anew, since
    # the ledger has taken duplicates away. Beyond 64 ranges the oldest gaps are settled as lost.
    """
    CREATE FUNCTION sequence_add(
      INOUT seen int8multirange, INOUT floor bigint, INOUT lost bigint, INOUT restarts bigint, INOUT missing bigint,
      incoming int8multirange, clockless boolean
    ) LANGUAGE plpgsql IMMUTABLE AS $$
    DECLARE
      cut bigint;
      kept int8multirange;
    BEGIN
      IF isempty(incoming) THEN
        RETURN;
      ELSIF NOT clockless AND (seen && incoming OR coalesce(upper(incoming) < floor - 1000, false)) THEN
        lost := missing;
        seen := incoming;
        floor := NULL;
        restarts := restarts + 1;
      ELSIF floor IS NULL THEN
        seen := seen + incoming;
      ELSE
        seen := seen + incoming * int8multirange(int8range(floor, NULL));
      END IF;
      IF seen = int8multirange(range_merge(seen)) THEN
        missing := lost;
        RETURN;
      END IF;
      missing := lost + sequence_missing(seen);
      SELECT lower(r) INTO cut FROM unnest(seen) AS r ORDER BY r DESC OFFSET 63 LIMIT 1;
      IF cut > lower(seen) THEN
        kept := seen * int8multirange(int8range(cut, NULL));
        lost := missing - sequence_missing(kept);
        seen := kept;
        floor := cut;
      END IF;
    END $$
    """,
    # The newest 15 minutes that had a value, each with its greatest, newest first.
    """
    CREATE FUNCTION minute_ring(ring bigint[], before timestamptz, at timestamptz, value bigint)
    RETURNS bigint[] LANGUAGE sql IMMUTABLE AS $$
      SELECT CASE
        WHEN value IS NULL THEN ring
        WHEN cardinality(ring) > 0
          AND floor(extract(epoch FROM before) / 60) = floor(extract(epoch FROM at) / 60)
          THEN ARRAY[greatest(ring[1], value)] || ring[2:15]
        ELSE (ARRAY[value] || ring)[1:15]
      END
    $$
    """,
    # What is expected of a source that nobody declared: of its last 15 silences the third longest, from 5 on.
    """
    CREATE FUNCTION learned_interval_ms(gaps bigint[]) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
      SELECT CASE WHEN cardinality(gaps) >= 5
        THEN (SELECT percentile_disc(0.85) WITHIN GROUP (ORDER BY gap) FROM unnest(gaps) AS gap) END
    $$
    """,
    # The median of a quarter of an hour of minutes: neither one wrong event nor a delayed batch moves it.
    """
    CREATE FUNCTION clock_drift_ms(drifts bigint[]) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
      SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY drift) FROM unnest(drifts) AS drift
    $$
    """,
)

SOURCES = """
    CREATE VIEW v_source AS
    SELECT seen.city, seen.system, seen.device, seen.first_seen, seen.newest_time, seen.arrived_at, seen.stored_at,
      seen.events, (seen.newest).clockless,
      coalesce(own.interval_s, common.interval_s) AS declared_interval_s,
      (seen.newest).learned_ms / 1000.0::float AS learned_interval_s,
      (seen.newest).drift_ms / 1000.0::float AS drift_s,
      seen.missing, seen.restarts,
      same.channel, same.same_since, same.same_count, same.newest_time AS channel_newest_time
    FROM (
      SELECT d.city, d.system, d.device, min(first_seen) AS first_seen, max(newest_time) AS newest_time,
        max(arrived_at) AS arrived_at, max(stored_at) AS stored_at, sum(events)::bigint AS events,
        CASE WHEN count(*) = 1 THEN max(missing)
          ELSE (sequence_missing(range_agg(sequence_seen)) + sum(sequence_lost))::bigint END AS missing,
        sum(sequence_restarts)::bigint AS restarts,
        (array_agg(d ORDER BY arrived_at DESC))[1] AS newest
      FROM source_device AS d GROUP BY d.city, d.system, d.device
    ) AS seen
    LEFT JOIN source_registry AS own USING (city, system, device)
    LEFT JOIN source_registry AS common
      ON common.city = seen.city AND common.system = seen.system AND common.device = ''
    LEFT JOIN LATERAL (
      SELECT * FROM (
        SELECT DISTINCT ON (c.channel) c.* FROM source_channel AS c
        WHERE c.city = seen.city AND c.system = seen.system AND c.device = seen.device
        ORDER BY c.channel, c.newest_time DESC
      ) AS newest ORDER BY newest.newest_time - newest.same_since DESC, newest.channel LIMIT 1
    ) AS same ON true
    UNION ALL
    SELECT r.city, r.system, r.device, NULL, NULL, NULL, NULL, 0, false, r.interval_s, NULL, NULL, 0, 0,
      NULL, NULL, NULL, NULL
    FROM source_registry AS r
    WHERE r.device <> '' AND NOT EXISTS (
      SELECT FROM source_device AS d WHERE (d.city, d.system, d.device) = (r.city, r.system, r.device)
    )
"""

RECONCILIATION = """
    CREATE VIEW v_reconciliation AS
    SELECT cluster, topic_id, topic, partition, first_offset, next_offset, next_offset - first_offset AS passed,
      stored, duplicate, rejected, skipped,
      next_offset - first_offset - stored - duplicate - rejected - skipped AS difference, updated_at
    FROM consumer_offset
"""
