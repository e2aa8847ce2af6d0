"""What the map shows besides devices."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from schemas.tables.base import metadata

city_feature: Final = sa.Table(
    "city_feature",
    metadata,
    sa.Column("city", sa.Text, sa.ForeignKey("city.code"), primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True, comment="district | road | water_edge | …"),
    sa.Column("object", sa.Text, primary_key=True),
    sa.Column("name", JSONB, nullable=False, comment="{kk, ru, en}"),
    sa.Column("geometry", JSONB, nullable=False, comment="GeoJSON, WGS 84"),
    sa.Column("district", sa.Text),
    sa.Column("critical", sa.Boolean, nullable=False, server_default=sa.false(), comment="KPI 1.5"),
    sa.Column("properties", JSONB, nullable=False, server_default="{}", comment="schemas/features.py"),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)
"""The city's geometry: what the map draws and a scheme connects."""

observation: Final = sa.Table(
    "observation",
    metadata,
    sa.Column("city", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False, comment="of object: schemas/observed.yaml, or device"),
    sa.Column("object", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("bucket", sa.DateTime(timezone=True), nullable=False, comment="begin of its ten minutes"),
    sa.Column("partition", sa.SmallInteger, nullable=False, comment="so that two scorers never meet on a row"),
    sa.Column("time", sa.DateTime(timezone=True), nullable=False, comment="of the newest value"),
    sa.Column("value", sa.Float, nullable=False, comment="the newest"),
    sa.Column("count", sa.BigInteger, nullable=False, comment="values in these ten minutes"),
    sa.Index("observation_key", "city", "kind", "object", "channel", "bucket", "partition", unique=True),
)
"""What was observed of objects on the map; the past of the time slider."""
