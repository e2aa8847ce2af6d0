"""The map: the city's geometry, and what was observed of its objects in every ten minutes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_features()
    _create_observations()


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")


def _create_features() -> None:
    op.create_table(
        "city_feature",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="district | road | water_edge | …"),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("name", JSONB(), nullable=False, comment="{kk, ru, en}"),
        sa.Column("geometry", JSONB(), nullable=False, comment="GeoJSON, WGS 84"),
        sa.Column("district", sa.Text(), nullable=True),
        sa.Column("critical", sa.Boolean(), nullable=False, server_default=sa.text("false"), comment="KPI 1.5"),
        sa.Column("properties", JSONB(), nullable=False, server_default="{}", comment="schemas/features.py"),
        sa.Column("changed_at", _MOMENT, nullable=False, server_default=sa.text("now()")),
        sa.ForeignKeyConstraint(["city"], ["city.code"]),
        sa.PrimaryKeyConstraint("city", "kind", "object"),
    )


def _create_observations() -> None:
    op.create_table(
        "observation",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="of object: schemas/observed.yaml, or device"),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("bucket", _MOMENT, nullable=False, comment="begin of its ten minutes"),
        sa.Column("partition", sa.SmallInteger(), nullable=False, comment="so that two scorers never meet on a row"),
        sa.Column("time", _MOMENT, nullable=False, comment="of the newest value"),
        sa.Column("value", sa.Float(), nullable=False, comment="the newest"),
        sa.Column("count", sa.BigInteger(), nullable=False, comment="values in these ten minutes"),
    )
    op.create_index(
        "observation_key",
        "observation",
        ["city", "kind", "object", "channel", "bucket", "partition"],
        unique=True,
    )
    op.execute(
        "SELECT create_hypertable('observation', by_range('bucket', INTERVAL '1 day'), create_default_indexes => false)"
    )
