"""Who reported when, and what is expected of them."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, INT8MULTIRANGE

from schemas.tables.base import metadata

source_activity: Final = sa.Table(
    "source_activity",
    metadata,
    sa.Column("city", sa.Text, primary_key=True),
    sa.Column("system", sa.Text, primary_key=True),
    sa.Column("bucket", sa.DateTime(timezone=True), primary_key=True, comment="hour of event time"),
    sa.Column("partition", sa.SmallInteger, primary_key=True),
    sa.Column("events", sa.BigInteger, nullable=False),
    sa.Column("newest", sa.DateTime(timezone=True), nullable=False, comment="newest event time in the hour"),
)

source_device: Final = sa.Table(
    "source_device",
    metadata,
    sa.Column("city", sa.Text, primary_key=True),
    sa.Column("system", sa.Text, primary_key=True),
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("partition", sa.SmallInteger, primary_key=True, comment="so that two scorers never meet on a row"),
    sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False, comment="its first arrival in Kafka"),
    sa.Column("newest_time", sa.DateTime(timezone=True), nullable=False, comment="newest event time"),
    sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False, comment="newest arrival in Kafka"),
    sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False, comment="when the newest was stored"),
    sa.Column("events", sa.BigInteger, nullable=False),
    sa.Column("clockless", sa.Boolean, nullable=False, comment="its newest event came without a time"),
    sa.Column("gaps", ARRAY(sa.BigInteger), nullable=False, comment="ms of silence, longest per minute"),
    sa.Column("drifts", ARRAY(sa.BigInteger), nullable=False, comment="ms its clock is ahead, per minute"),
    sa.Column("sequence_seen", INT8MULTIRANGE, nullable=False, comment="at most 64 ranges"),
    sa.Column("sequence_floor", sa.BigInteger, comment="gaps below it are settled in sequence_lost"),
    sa.Column("sequence_lost", sa.BigInteger, nullable=False),
    sa.Column("sequence_restarts", sa.BigInteger, nullable=False),
    sa.Column("learned_ms", sa.BigInteger, comment="expected interval, from gaps"),
    sa.Column("drift_ms", sa.BigInteger, comment="how far its clock is ahead, from drifts"),
    sa.Column("missing", sa.BigInteger, nullable=False, comment="sequence_lost and the gaps in sequence_seen"),
    postgresql_with={"fillfactor": 70},
)

source_channel: Final = sa.Table(
    "source_channel",
    metadata,
    sa.Column("city", sa.Text, primary_key=True),
    sa.Column("system", sa.Text, primary_key=True),
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("partition", sa.SmallInteger, primary_key=True),
    sa.Column("newest_time", sa.DateTime(timezone=True), nullable=False),
    sa.Column("value_hash", sa.BigInteger, nullable=False, comment="of what was measured, without times"),
    sa.Column("same_since", sa.DateTime(timezone=True), nullable=False, comment="first event with this value"),
    sa.Column("same_count", sa.BigInteger, nullable=False, comment="events in a row with this value"),
    postgresql_with={"fillfactor": 70},
)

source_registry: Final = sa.Table(
    "source_registry",
    metadata,
    sa.Column("city", sa.Text, sa.ForeignKey("city.code"), primary_key=True),
    sa.Column("system", sa.Text, primary_key=True),
    sa.Column("device", sa.Text, primary_key=True, server_default="", comment="empty: every device of the system"),
    sa.Column("interval_s", sa.Float, nullable=False, comment="how often it is expected to report"),
    sa.CheckConstraint("interval_s > 0", name="source_registry_interval"),
)

source_limit: Final = sa.Table(
    "source_limit",
    metadata,
    sa.Column("system", sa.Text, primary_key=True, comment="empty: every system without a row of its own"),
    *(
        sa.Column(name, sa.Float, nullable=False)
        for name in (
            *("silent_after_intervals", "silent_at_least_s", "assumed_interval_s"),
            *("ahead_s", "behind_s", "frozen_after_s", "frozen_at_least"),
        )
    ),
    comment="schemas/sources.yaml, written by `ahual migrate`",
)
"""The limits of `schemas/sources.py` where views can judge by them."""
