"""Marks tell additions to the past from those to today, so that sums of days that are over need not be read again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("kpi_mark", sa.Column("day", moment, comment="begin of the newest day that was running when it grew"))
    op.add_column("kpi_mark", sa.Column("oldest", moment, comment="bucket that the newest batch added to"))
    op.add_column(
        "kpi_mark",
        sa.Column(
            "past", sa.BigInteger(), nullable=False, server_default="0", comment="batches that added before `day`"
        ),
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
