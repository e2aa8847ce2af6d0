"""The stored offsets: one row per partition of one topic, moved only by compare-and-set."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

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

_MOVE: Final = sa.text("""
    UPDATE consumer_offset SET next_offset = :end, updated_at = now()
    WHERE cluster = :cluster AND topic_id = :topic_id AND partition = :partition AND next_offset = :begin
""")

_COUNT: Final = sa.text("""
    UPDATE consumer_offset
    SET stored = stored + :stored, duplicate = duplicate + :duplicate, rejected = rejected + :rejected
    WHERE cluster = :cluster AND topic_id = :topic_id AND partition = :partition
    RETURNING next_offset - first_offset - stored - duplicate - rejected - skipped
""")


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


async def move(connection: AsyncConnection, batch: Batch) -> None:
    """Move the partition's offset past the batch; FencedError when it is not where the batch begins."""
    moved = await connection.execute(_MOVE, {**_where(batch), "begin": batch.begin, "end": batch.end})
    if moved.rowcount != 1:
        raise FencedError(f"{batch.topic}/{batch.partition} is not at {batch.begin}")


async def count(connection: AsyncConnection, batch: Batch, *, stored: int, duplicate: int, rejected: int) -> int:
    """Book what became of the batch; returns what does not add up (0 unless something is badly wrong)."""
    outcome = {"stored": stored, "duplicate": duplicate, "rejected": rejected}
    return int((await connection.execute(_COUNT, {**_where(batch), **outcome})).scalar_one())
