"""Values of calendar periods that are over."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from schemas.tables.base import metadata

closed_period: Final = sa.Table(
    "closed_period",
    metadata,
    sa.Column("city", sa.Text, primary_key=True),
    sa.Column("kpi", sa.Text, primary_key=True),
    sa.Column("period", sa.Text, primary_key=True, comment="day | week | month | quarter | year, city-local"),
    sa.Column("end", sa.DateTime(timezone=True), primary_key=True, comment="excluded"),
    sa.Column("revision", sa.Integer, primary_key=True, comment="from 1; the highest counts"),
    sa.Column("begin", sa.DateTime(timezone=True), nullable=False),
    sa.Column("name", sa.Text, nullable=False, comment="2027-03-09, 2027-W05, 2027-03, 2027-Q1, 2027"),
    sa.Column("value", sa.Float, comment="in the order's unit"),
    sa.Column("parts", JSONB, comment="values by part instead, where the order asks for several (1.4)"),
    sa.Column("numerator", sa.BigInteger, comment="smallest unit"),
    sa.Column("denominator", sa.BigInteger, comment="smallest unit"),
    sa.Column("events", sa.BigInteger, comment="that entered"),
    sa.Column("attainment", sa.Float, comment="0…1; null without value or target"),
    sa.Column("target", JSONB, comment="of the city's category, when computed"),
    sa.Column("weight", sa.Integer, nullable=False),
    sa.Column("freshness", sa.Text, nullable=False, comment="judged at the end"),
    sa.Column("newest", sa.DateTime(timezone=True), comment="event time of the newest data before the end"),
    sa.Column("coverage", sa.Float, comment="share of hours or days in which the sources reported, 0…1"),
    sa.Column("catalogue_hash", sa.Text, nullable=False),
    sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("difference", sa.Float, comment="value minus the previous revision's, where both have one"),
    sa.Index("closed_period_computed_at", "city", "computed_at"),
)

changed_day: Final = sa.Table(
    "changed_day",
    metadata,
    sa.Column("city", sa.Text, primary_key=True),
    sa.Column("day", sa.DateTime(timezone=True), primary_key=True, comment="begin of a city-local day that is over"),
    sa.Column("kpi", sa.Text, primary_key=True),
    sa.Column("onwards", sa.Boolean, primary_key=True, comment="the days after it changed too"),
    sa.Column("partition", sa.SmallInteger, primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False, comment="grows by 1 with every batch"),
    sa.Column("since", sa.DateTime(timezone=True), nullable=False),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
)
"""What late data and corrections touched and the closed periods do not show yet."""
