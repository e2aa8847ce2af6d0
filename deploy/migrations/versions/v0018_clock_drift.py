"""A clock is behind as far as its least delayed messages say, and that is only said once several minutes say so."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A delay only makes a clock look behind, so the greatest of a quarter of an hour of minutes is the truest, and the
    # second greatest is no single wrong stamp. A backlog that arrives within a few minutes says nothing of a clock.
    op.execute("""
    CREATE OR REPLACE FUNCTION clock_drift_ms(drifts bigint[]) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
      SELECT CASE WHEN found > 0 OR cardinality(drifts) >= 5 THEN found END
      FROM (
        SELECT coalesce(falling[2], falling[1]) AS found
        FROM (SELECT array_agg(drift ORDER BY drift DESC) AS falling FROM unnest(drifts) AS drift) AS sorted
      ) AS told
    $$
    """)
    op.execute("UPDATE source_device SET drift_ms = clock_drift_ms(drifts)")


def downgrade() -> None:
    op.execute("""
    CREATE OR REPLACE FUNCTION clock_drift_ms(drifts bigint[]) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
      SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY drift) FROM unnest(drifts) AS drift
    $$
    """)
    op.execute("UPDATE source_device SET drift_ms = clock_drift_ms(drifts)")
