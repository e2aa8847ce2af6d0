"""CityScore: current, in the past, closed, yearly; and the methodology they were computed under."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from schemas.tables.base import Tier, metadata

cityscore_current: Final = sa.Table(
    "cityscore_current",
    metadata,
    sa.Column("city", sa.Text, sa.ForeignKey("city.code"), primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False, comment="grows by 1 with every write, per city"),
    sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("snapshot", JSONB, nullable=False, comment="schemas/snapshot.py"),
)


def _history(name: str) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        sa.Column("city", sa.Text, nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("catalogue_hash", sa.Text, nullable=False),
        sa.Column("index", sa.Float),
        sa.Column("lower", sa.Float, nullable=False),
        sa.Column("upper", sa.Float, nullable=False),
        sa.Column("coverage", sa.Float, nullable=False),
        sa.Column("total", sa.Float),
        sa.Column("rating", sa.Text),
        sa.Column("snapshot", JSONB, nullable=False),
        sa.Index(f"{name}_key", "city", "computed_at", unique=True),
    )


cityscores: Final[dict[Tier, sa.Table]] = {
    "minute": _history("cityscore"),
    "hour": _history("cityscore_hour"),
    "day": _history("cityscore_day"),
}
"""The live score as it stood at the end of each minute, hour and UTC day; kept as `schemas/retention.py` says."""

cityscore_closed: Final = sa.Table(
    "cityscore_closed",
    metadata,
    sa.Column("city", sa.Text, primary_key=True),
    sa.Column("revision", sa.BigInteger, primary_key=True, comment="grows by 1 with every stored change, per city"),
    sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("catalogue_hash", sa.Text, nullable=False),
    sa.Column("index", sa.Float),
    sa.Column("lower", sa.Float, nullable=False),
    sa.Column("upper", sa.Float, nullable=False),
    sa.Column("coverage", sa.Float, nullable=False),
    sa.Column("total", sa.Float),
    sa.Column("rating", sa.Text),
    sa.Column("snapshot", JSONB, nullable=False, comment="schemas/snapshot.py, ClosedSnapshot"),
    sa.Index("cityscore_closed_computed_at", "city", "computed_at"),
)

cityscore_yearly: Final = sa.Table(
    "cityscore_yearly",
    metadata,
    sa.Column("city", sa.Text, primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True),
    sa.Column(
        "revision", sa.Integer, primary_key=True, comment="1 is the frozen, official one; later ones stand beside"
    ),
    sa.Column("hash", sa.Text, nullable=False, comment="SHA-256 over the evaluation's canonical JSON"),
    sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("evaluation", JSONB, nullable=False),
)

catalogue_version: Final = sa.Table(
    "catalogue_version",
    metadata,
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("content", JSONB, nullable=False),
    sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)
