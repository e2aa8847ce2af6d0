"""The device registry: what devices are, where and what their channels mean; objects; which inventories it reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

READABLE = ("registered_device", "registered_object", "complete_total", "reported_total")


def upgrade() -> None:
    _create_devices()
    _create_objects()
    op.execute(f"""
        DO $$ BEGIN
          IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ahual_reader') THEN
            GRANT SELECT ON {", ".join(READABLE)} TO ahual_reader;
          END IF;
        END $$
    """)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")


def _create_devices() -> None:
    op.create_table(
        "registered_device",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "gateway", sa.Text(), nullable=True, comment="device of the same city and system that reports for it"
        ),
        sa.Column("alias", sa.Text(), server_default="", nullable=False, comment="what its channels' names begin with"),
        sa.Column("sparkplug", sa.Text(), nullable=True, comment="group/edge node under which it speaks Sparkplug B"),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("district", sa.Text(), nullable=True),
        sa.Column("channels", JSONB(), server_default="{}", nullable=False, comment="as schemas/device.py describes"),
        sa.Column("attached_kind", sa.Text(), nullable=True, comment="building | container_site | stop | …"),
        sa.Column("attached_to", sa.Text(), nullable=True, comment="the object's id"),
        sa.Column("installed_on", sa.Date(), nullable=True),
        sa.Column("removed_on", sa.Date(), nullable=True, comment="from this day on it is no longer there"),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="registered_device_place"),
        sa.ForeignKeyConstraint(["city"], ["city.code"]),
        sa.PrimaryKeyConstraint("city", "system", "device"),
    )
    op.create_index("registered_device_sparkplug", "registered_device", ["sparkplug"], unique=True)
    op.create_index("registered_device_changed_at", "registered_device", ["changed_at"])


def _create_objects() -> None:
    op.create_table(
        "registered_object",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="building | container_site | stop | …"),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("district", sa.Text(), nullable=True),
        sa.Column(
            "networks",
            ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
            comment="electricity, water, heat, gas",
        ),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True, comment="from this day on it is no longer there"),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="registered_object_place"),
        sa.ForeignKeyConstraint(["city"], ["city.code"]),
        sa.PrimaryKeyConstraint("city", "kind", "object"),
    )
    op.create_table(
        "complete_total",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("total", sa.Text(), nullable=False, comment="of schemas/inventories.yaml: the registry reports it"),
        sa.Column("since", sa.Date(), nullable=False, comment="from this day on the city vouches for the registry"),
        sa.ForeignKeyConstraint(["city"], ["city.code"]),
        sa.PrimaryKeyConstraint("city", "total"),
    )
    op.create_table(
        "reported_total",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("total", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["city"], ["city.code"]),
        sa.PrimaryKeyConstraint("city", "total", "as_of"),
    )
