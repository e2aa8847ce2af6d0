"""The stored offsets: one row per partition of one topic, moved only by compare-and-set."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.tables import CHANNEL_PARTS
from services.runtime.topic_identity import TopicIdentity
from services.scorer.errors import FencedError
from services.scorer.types import Batch

_ENTER: Final = sa.text("""
    INSERT INTO consumer_offset (cluster, topic_id, topic, partition, first_offset, next_offset)
    VALUES (:cluster, :topic_id, :topic, :partition, :oldest, :oldest)
    ON CONFLICT (cluster, topic_id, partition) DO UPDATE
    SET skipped = consumer_offset.skipped + greatest(:oldest - consumer_offset.next_offset, 0),
        next_offset = greatest(:oldest, consumer_offset.next_offset)
    RETURNING next_offset, skipped
""")

FLOOR_LOCK: Final = 0x4C454447
"""Advisory lock: shared by scorers for a batch, exclusive for whoever moves a floor of the ledger."""

_MOVE: Final = sa.text("""
    UPDATE consumer_offset SET next_offset = :end, updated_at = now()
    WHERE cluster = :cluster AND topic_id = :topic_id AND partition = :partition AND next_offset = :begin
      AND measures = :measures
    RETURNING nextval('ledger_batch_id') AS number, pg_advisory_xact_lock_shared(:lock)
""")

_BOOK: Final = sa.text("""
    UPDATE consumer_offset
    SET stored = stored + :stored, duplicate = duplicate + :duplicate, rejected = rejected + :rejected
    WHERE cluster = :cluster AND topic_id = :topic_id AND partition = :partition
    RETURNING next_offset - first_offset - stored - duplicate - rejected - skipped AS unreconciled,
      (SELECT count(pg_notify(:channel, city)) FROM unnest(:cities) AS changed(city))
""").bindparams(sa.bindparam("cities", type_=ARRAY(sa.Text())))


async def enter(
    connection: AsyncConnection, identity: TopicIdentity, topic: str, partition: int, oldest: int
) -> tuple[int, int]:
    """Where to read on, and how many records are known to be lost.

    `oldest` is the oldest offset Kafka still has; records between the stored offset and it were dropped by Kafka's
    retention before anybody read them and are counted as skipped.
    """
    row = (
        await connection.execute(
            _ENTER,
            {
                "cluster": identity.cluster,
                "topic_id": identity.topic_id,
                "topic": topic,
                "partition": partition,
                "oldest": oldest,
            },
        )
    ).one()
    return row.next_offset, row.skipped


def _where(batch: Batch) -> dict[str, object]:
    return {"cluster": batch.cluster, "topic_id": batch.topic_id, "partition": batch.partition}


async def move(connection: AsyncConnection, batch: Batch, measures: str = "") -> int:
    """Move the partition's offset past the batch; FencedError when it is not where the batch begins.

    So it is when the partition follows other `measures` (of a topic that feeds none: the empty text). Returns a number
    for the batch. Until the transaction ends, no floor of the ledger moves.
    """
    positions = {"begin": batch.begin, "end": batch.end, "measures": measures, "lock": FLOOR_LOCK}
    moved = (await connection.execute(_MOVE, {**_where(batch), **positions})).one_or_none()
    if moved is None:
        raise FencedError(f"{batch.topic}/{batch.partition} is not at {batch.begin}, or follows other measures")
    return int(moved.number)


async def book(
    connection: AsyncConnection, batch: Batch, *, stored: int, duplicate: int, rejected: int, cities: Collection[str]
) -> int:
    """Book what became of the batch, and tell the score writers which cities it changed (once it is committed).

    Returns what does not add up: 0 unless something is badly wrong.
    """
    outcome = {"stored": stored, "duplicate": duplicate, "rejected": rejected}
    notice = {"channel": CHANNEL_PARTS, "cities": sorted(cities)}
    return int((await connection.execute(_BOOK, {**_where(batch), **outcome, **notice})).one().unreconciled)
