"""What was stored, once each: offsets, events, floors, the archive."""

from __future__ import annotations

from typing import Final, get_args

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA

from schemas.events.envelope import EventClass
from schemas.tables.base import metadata

consumer_offset: Final = sa.Table(
    "consumer_offset",
    metadata,
    sa.Column("cluster", sa.Text, primary_key=True),
    sa.Column("topic_id", sa.Text, primary_key=True, comment="a recreated topic is another one"),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("partition", sa.Integer, primary_key=True),
    sa.Column("first_offset", sa.BigInteger, nullable=False),
    sa.Column("next_offset", sa.BigInteger, nullable=False),
    sa.Column("stored", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("duplicate", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("rejected", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("skipped", sa.BigInteger, nullable=False, server_default="0", comment="gone from Kafka unread: loss"),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("measures", sa.Text, nullable=False, server_default="", comment="hash of the measures its parts follow"),
)

_CLASSES: Final[tuple[EventClass, ...]] = get_args(EventClass)

ledger_batch_id: Final = sa.Sequence("ledger_batch_id", metadata=metadata, data_type=sa.BigInteger)


def _ledger(event_class: EventClass) -> sa.Table:
    name = f"ledger_{event_class}"
    return sa.Table(
        name,
        metadata,
        sa.Column("time", sa.DateTime(timezone=True), nullable=False, comment="when it happened"),
        sa.Column("id_hash", sa.BigInteger, nullable=False, comment="64 bits over source and id"),
        sa.Column("content_hash", sa.BigInteger, nullable=False, comment="64 bits over the canonical bytes"),
        sa.Column("batch", sa.BigInteger, nullable=False, comment="ledger_batch_….id"),
        sa.Column("position", sa.Integer, nullable=False, comment="line of the batch's bodies, from 0"),
        sa.Index(f"{name}_identity", "id_hash", "time", unique=True),
    )


def _ledger_batch(event_class: EventClass) -> sa.Table:
    name = f"ledger_batch_{event_class}"
    return sa.Table(
        name,
        metadata,
        sa.Column("id", sa.BigInteger, nullable=False),
        sa.Column("cluster", sa.Text, nullable=False),
        sa.Column("topic_id", sa.Text, nullable=False),
        sa.Column("partition", sa.SmallInteger, nullable=False),
        sa.Column("first_offset", sa.BigInteger, nullable=False),
        sa.Column("last_offset", sa.BigInteger, nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False, comment="KPI 1.1's end of the latency"),
        sa.Column("first_time", sa.DateTime(timezone=True), nullable=False, comment="oldest event"),
        sa.Column("last_time", sa.DateTime(timezone=True), nullable=False, comment="newest event"),
        sa.Column("count", sa.Integer, nullable=False, comment="events"),
        sa.Column("bodies", BYTEA, nullable=False, comment="services/scorer/bodies.py"),
        sa.Index(f"{name}_id", "id", "last_time", unique=True),
        sa.Index(f"{name}_partition", "partition", "last_time"),
    )


ledgers: Final[dict[EventClass, sa.Table]] = {c: _ledger(c) for c in _CLASSES}

ledger_batches: Final[dict[EventClass, sa.Table]] = {c: _ledger_batch(c) for c in _CLASSES}

ledger_floor: Final = sa.Table(
    "ledger_floor",
    metadata,
    sa.Column("event_class", sa.Text, primary_key=True),
    sa.Column("floor", sa.DateTime(timezone=True), nullable=False, comment="older events are rejected as too_old"),
    sa.Column("first", sa.DateTime(timezone=True), nullable=False, comment="the first floor ever: nothing older was"),
    sa.Column("dropped", sa.DateTime(timezone=True), nullable=False, comment="older events may be in the archive only"),
)

archive_day: Final = sa.Table(
    "archive_day",
    metadata,
    sa.Column("event_class", sa.Text, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True, comment="UTC, of the events' time"),
    sa.Column("through", sa.BigInteger, nullable=False, comment="newest ledger batch that is in the archive"),
    sa.Column("pending", sa.Boolean, nullable=False, comment="an import has added events since"),
    sa.Column("archived_at", sa.DateTime(timezone=True)),
)
"""Which days' events are in the archive; a day without events has a row too."""

archive_file: Final = sa.Table(
    "archive_file",
    metadata,
    sa.Column("event_class", sa.Text, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, comment="from 1; an import adds a further one"),
    sa.Column("name", sa.Text, nullable=False, comment="in the day's folder"),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("archived_at", sa.DateTime(timezone=True), nullable=False),
)
"""What the archive consists of; the manifests beside the files say the same."""

correction: Final = sa.Table(
    "correction",
    metadata,
    sa.Column("event_class", sa.Text, primary_key=True),
    sa.Column("time", sa.DateTime(timezone=True), primary_key=True, comment="with id_hash the superseded event's key"),
    sa.Column("id_hash", sa.BigInteger, primary_key=True),
    sa.Column("by_time", sa.DateTime(timezone=True), nullable=False, comment="with by_id_hash the superseding event's"),
    sa.Column("by_id_hash", sa.BigInteger, nullable=False),
    sa.Column("partition", sa.SmallInteger, nullable=False, comment="of the superseding event"),
)
"""Which event is superseded by which; the superseded one may not have come yet."""

dead_letter: Final = sa.Table(
    "dead_letter",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("origin", sa.Text, nullable=False, comment="topic/partition/offset of the record it came with"),
    sa.Column("rejected_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("field", sa.Text),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("city", sa.Text, nullable=False),
    sa.Column("system", sa.Text, nullable=False),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("payload", BYTEA, nullable=False),
    sa.Column("truncated", sa.Boolean, nullable=False),
    sa.Column("replayed_at", sa.DateTime(timezone=True)),
    sa.Index("dead_letter_origin", "origin", unique=True),
    sa.Index("dead_letter_rejected_at", "rejected_at"),
)
