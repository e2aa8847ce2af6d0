"""Deliveries of raw facts stand beside those of KPIs, under the same revision; late revisions may be overdue too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

KEYS = {
    "delivery": ("city", "kind", "period", "end", "revision"),
    "delivery_sent": ("city", "kind", "period", "end", "revision", "way"),
}
VIEWS = {
    "v_deliveries": """
        SELECT d.city, d.period, d.name, d."end", d.revision, d.rows, d.generated_at, d.stored_at, d.receipt,
          d.received_at, coalesce(w.waiting, 0) AS ways_waiting, w.sent_at, w.failure, d.kind
        FROM delivery AS d JOIN v_city AS c ON c.city = d.city
        LEFT JOIN LATERAL (
          SELECT count(*) FILTER (WHERE s.sent_at IS NULL) AS waiting, max(s.sent_at) AS sent_at,
            max(s.failure) FILTER (WHERE s.sent_at IS NULL) AS failure
          FROM delivery_sent AS s
          WHERE (s.city, s.kind, s.period, s."end", s.revision) = (d.city, d.kind, d.period, d."end", d.revision)
        ) AS w ON true
    """,
    "v_export_overdue": """
        SELECT h.city, h.period, h.name, h."end", min(h.computed_at) AS closed_at
        FROM closed_period AS h JOIN v_city AS c ON c.city = h.city
        WHERE h.computed_at BETWEEN now() - INTERVAL '8 days' AND now() - INTERVAL '6 hours'
          AND h."end" < now() - INTERVAL '6 hours'
          AND EXISTS (SELECT FROM delivery_progress AS p WHERE p.city = h.city)
          AND NOT EXISTS (
            SELECT FROM delivery AS d
            WHERE (d.city, d.kind, d.period, d."end") = (h.city, 'kpis', h.period, h."end")
              AND d.generated_at >= h.computed_at)
        GROUP BY h.city, h.period, h.name, h."end"
    """,
}


def upgrade() -> None:
    for table, key in KEYS.items():
        column = sa.Column("kind", sa.Text(), nullable=False, server_default="kpis", comment="kpis | facts")
        op.add_column(table, column)
        op.drop_constraint(f"{table}_pkey", table)
        op.create_primary_key(f"{table}_pkey", table, list(key))
    for name, query in VIEWS.items():
        op.execute(f"CREATE OR REPLACE VIEW {name} WITH (security_barrier) AS {query}")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
