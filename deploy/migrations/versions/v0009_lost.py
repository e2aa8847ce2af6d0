"""What no rebuild can recompute: events that were dropped without an archive."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    comment = "earlier ones have events that are not archived either"
    op.add_column("rebuild_horizon", sa.Column("lost", sa.DateTime(timezone=True), comment=comment))
    # Days are dropped without an archive only before there is one, so the first day tells.
    op.execute("""
        UPDATE rebuild_horizon SET lost = bucket WHERE EXISTS (
          SELECT FROM ledger_floor f WHERE f.dropped > f.first AND NOT EXISTS (
            SELECT FROM archive_day d
            WHERE d.event_class = f.event_class AND d.day <= (f.first AT TIME ZONE 'UTC')::date))
    """)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
