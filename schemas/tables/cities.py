"""The cities, and which role of the database sees which."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from schemas.tables.base import metadata

city: Final = sa.Table(
    "city",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", JSONB, nullable=False, comment="{kk, ru, en}"),
    sa.Column("category", sa.Text, nullable=False, comment="republican | regional | district"),
    sa.Column("timezone", sa.Text, nullable=False, comment="IANA name; days, weeks and months are the city's own"),
    sa.Column("additional_initiatives", sa.Integer, nullable=False, server_default="0"),
    sa.CheckConstraint("category in ('republican', 'regional', 'district')", name="city_category"),
)

city_reader: Final = sa.Table(
    "city_reader",
    metadata,
    sa.Column("role", sa.Text, primary_key=True, comment="of the database; reads the views of docs/grafana.md"),
    sa.Column("city", sa.Text, primary_key=True, comment="code; *: every city"),
)
"""Who sees which city through the views; who has no row sees nothing."""
