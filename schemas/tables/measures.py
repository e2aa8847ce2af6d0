"""What events come to: additive parts, bins of durations, dated entries; and rebuilding them."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from schemas.tables.base import Tier, metadata

measure_set: Final = sa.Table(
    "measure_set",
    metadata,
    sa.Column("hash", sa.Text, primary_key=True, comment="of all measures of a catalogue"),
    sa.Column("number", sa.BigInteger, sa.Identity(), nullable=False, comment="newer sets have greater ones"),
    sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
)

measured_under: Final = sa.Table(
    "measured_under",
    metadata,
    sa.Column("partition", sa.SmallInteger, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True, comment="kpi | city | set"),
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("hash", sa.Text, nullable=False, comment="services/scorer/versions.py"),
)
"""What a partition's parts were added under: each KPI under one measure, each city under one category and zone."""

rebuild: Final = sa.Table(
    "rebuild",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("by", sa.Text, nullable=False, comment="who started it"),
    sa.Column("reason", sa.Text, nullable=False, comment="rebuild | measures changed"),
    sa.Column("partition", sa.SmallInteger, nullable=False),
    sa.Column("table", sa.Text, nullable=False),
    sa.Column("city", sa.Text, nullable=False),
    sa.Column("kpi", sa.Text, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False, comment="that differed"),
    sa.Column("first", sa.DateTime(timezone=True), nullable=False, comment="bucket"),
    sa.Column("last", sa.DateTime(timezone=True), nullable=False, comment="bucket"),
    sa.Column("added", JSONB, nullable=False, comment="sum per column"),
)
"""What rebuilds changed."""

rebuild_horizon: Final = sa.Table(
    "rebuild_horizon",
    metadata,
    sa.Column("kpi", sa.Text, primary_key=True),
    sa.Column("bucket", sa.DateTime(timezone=True), nullable=False, comment="earlier ones have events no longer kept"),
    sa.Column("lost", sa.DateTime(timezone=True), comment="earlier ones have events that are not archived either"),
)


def _part(tier: Tier) -> sa.Table:
    name = f"part_{tier}"
    return sa.Table(
        name,
        metadata,
        sa.Column("city", sa.Text, nullable=False),
        sa.Column("kpi", sa.Text, nullable=False),
        sa.Column("component", sa.Text, nullable=False, server_default=""),
        sa.Column("district", sa.Text, nullable=False, server_default=""),
        sa.Column("bucket", sa.DateTime(timezone=True), nullable=False, comment="its begin; a day is city-local"),
        sa.Column("partition", sa.SmallInteger, nullable=False, comment="so that two scorers never meet on a row"),
        sa.Column("numerator", sa.BigInteger, nullable=False),
        sa.Column("denominator", sa.BigInteger, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False, comment="events that entered"),
        sa.Index(f"{name}_key", "city", "kpi", "bucket", "component", "district", "partition", unique=True),
    )


parts: Final[dict[Tier, sa.Table]] = {tier: _part(tier) for tier in ("minute", "hour", "day")}


def _bin(tier: Tier) -> sa.Table:
    name = f"bin_{tier}"
    return sa.Table(
        name,
        metadata,
        sa.Column("city", sa.Text, nullable=False),
        sa.Column("kpi", sa.Text, nullable=False),
        sa.Column("bucket", sa.DateTime(timezone=True), nullable=False, comment="its begin; a day is city-local"),
        sa.Column("partition", sa.SmallInteger, nullable=False),
        sa.Column("bin", sa.SmallInteger, nullable=False, comment="services/scorer/histogram.py"),
        sa.Column("count", sa.BigInteger, nullable=False, comment="durations that fell into the bin"),
        sa.Index(f"{name}_key", "city", "kpi", "bucket", "bin", "partition", unique=True),
    )


bins: Final[dict[Tier, sa.Table]] = {tier: _bin(tier) for tier in ("minute", "hour", "day")}

entry: Final = sa.Table(
    "entry",
    metadata,
    sa.Column("city", sa.Text, primary_key=True),
    sa.Column("kpi", sa.Text, primary_key=True),
    sa.Column("component", sa.Text, primary_key=True),
    sa.Column("term", sa.SmallInteger, primary_key=True, comment="of the measure; −1, −2 … are its base's"),
    sa.Column("district", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True, comment="the event's; per term and source the newest holds"),
    sa.Column("at", sa.DateTime(timezone=True), primary_key=True, comment="from when the value holds"),
    sa.Column("time", sa.DateTime(timezone=True), primary_key=True, comment="with id_hash the event's key"),
    sa.Column("id_hash", sa.BigInteger, primary_key=True),
    sa.Column("partition", sa.SmallInteger, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False, comment="smallest unit"),
    sa.Column("count", sa.BigInteger, nullable=False, comment="summed over partitions 0 when it was taken back"),
    sa.Column("until", sa.DateTime(timezone=True), comment="when it ceases to hold, if the event says so"),
)

kpi_mark: Final = sa.Table(
    "kpi_mark",
    metadata,
    sa.Column("city", sa.Text, primary_key=True),
    sa.Column("kpi", sa.Text, primary_key=True),
    sa.Column("partition", sa.SmallInteger, primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False, comment="grows by 1 with every batch that changed the KPI"),
    sa.Column("day", sa.DateTime(timezone=True), comment="begin of the newest day that was running when it grew"),
    sa.Column("oldest", sa.DateTime(timezone=True), comment="bucket that the newest batch added to"),
    sa.Column("past", sa.BigInteger, nullable=False, server_default="0", comment="batches that added before `day`"),
)
