"""Devices and objects of a city, and how many there should be."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from schemas.tables.base import metadata

registered_device: Final = sa.Table(
    "registered_device",
    metadata,
    sa.Column("city", sa.Text, sa.ForeignKey("city.code"), primary_key=True),
    sa.Column("system", sa.Text, primary_key=True),
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("label", sa.Text, nullable=False, server_default=""),
    sa.Column("gateway", sa.Text, comment="device of the same city and system that reports for it"),
    sa.Column("alias", sa.Text, nullable=False, server_default="", comment="what its channels' names begin with"),
    sa.Column("sparkplug", sa.Text, comment="group/edge node under which it speaks Sparkplug B"),
    sa.Column("latitude", sa.Float),
    sa.Column("longitude", sa.Float),
    sa.Column("district", sa.Text),
    sa.Column("channels", JSONB, nullable=False, server_default="{}", comment="as schemas/device.py describes"),
    sa.Column("attached_kind", sa.Text, comment="building | container_site | stop | …"),
    sa.Column("attached_to", sa.Text, comment="the object's id"),
    sa.Column("installed_on", sa.Date),
    sa.Column("removed_on", sa.Date, comment="from this day on it is no longer there"),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="registered_device_place"),
    sa.Index("registered_device_sparkplug", "sparkplug", unique=True),
    sa.Index("registered_device_changed_at", "changed_at"),
)

registered_object: Final = sa.Table(
    "registered_object",
    metadata,
    sa.Column("city", sa.Text, sa.ForeignKey("city.code"), primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True, comment="building | container_site | stop | …"),
    sa.Column("object", sa.Text, primary_key=True),
    sa.Column("label", sa.Text, nullable=False, server_default=""),
    sa.Column("latitude", sa.Float),
    sa.Column("longitude", sa.Float),
    sa.Column("district", sa.Text),
    sa.Column("networks", ARRAY(sa.Text), nullable=False, server_default="{}", comment="electricity, water, heat, gas"),
    sa.Column("since", sa.Date),
    sa.Column("until", sa.Date, comment="from this day on it is no longer there"),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="registered_object_place"),
)

complete_total: Final = sa.Table(
    "complete_total",
    metadata,
    sa.Column("city", sa.Text, sa.ForeignKey("city.code"), primary_key=True),
    sa.Column("total", sa.Text, primary_key=True, comment="of schemas/inventories.yaml: the registry reports it"),
    sa.Column("since", sa.Date, nullable=False, comment="from this day on the city vouches for the registry"),
)

reported_total: Final = sa.Table(
    "reported_total",
    metadata,
    sa.Column("city", sa.Text, sa.ForeignKey("city.code"), primary_key=True),
    sa.Column("total", sa.Text, primary_key=True),
    sa.Column("as_of", sa.Date, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
    sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)
