"""The archive: which days' events are in it, and from where on the ledger still has them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

READABLE = ("archive_day", "archive_file", "ledger_floor")


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("ledger_floor", sa.Column("first", moment, comment="the first floor ever: nothing older was"))
    op.add_column("ledger_floor", sa.Column("dropped", moment, comment="older events may be in the archive only"))
    op.execute("UPDATE ledger_floor SET first = floor, dropped = floor")  # nothing has moved a floor before
    op.alter_column("ledger_floor", "first", nullable=False)
    op.alter_column("ledger_floor", "dropped", nullable=False)
    _create_tables()
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
        "archive_day",
        sa.Column("event_class", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="UTC, of the events' time"),
        sa.Column("through", sa.BigInteger(), nullable=False, comment="newest ledger batch that is in the archive"),
        sa.Column("pending", sa.Boolean(), nullable=False, comment="an import has added events since"),
        sa.Column("archived_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("event_class", "day"),
    )
    op.create_table(
        "archive_file",
        sa.Column("event_class", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="from 1; an import adds a further one"),
        sa.Column("name", sa.Text(), nullable=False, comment="in the day's folder"),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("event_class", "day", "number"),
    )
