"""Under which measures a partition's parts were added, in the database: read and written under the partition's lock."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from schemas.topics import EVENTS
from services.scorer.errors import OutdatedError
from services.scorer.versions import Basis, Subject


async def read(connection: AsyncConnection, partition: int) -> dict[Subject, str]:
    """Hash per subject; empty before the first event."""
    c = tables.measured_under.c
    rows = await connection.execute(sa.select(c.kind, c.code, c.hash).where(c.partition == partition))
    return {Subject(row.kind, row.code): row.hash for row in rows}


async def require_newest(connection: AsyncConnection, partition: int, basis: Basis, now: datetime) -> None:
    """OutdatedError if the partition follows measures that were first used after these were."""
    first = insert(tables.measure_set).values(hash=basis.measures, first_used_at=now)
    await connection.execute(first.on_conflict_do_nothing())
    numbers = {row.hash: row for row in await connection.execute(sa.select(tables.measure_set))}
    followed = await connection.scalar(
        sa.select(tables.measured_under.c.hash).where(
            tables.measured_under.c.partition == partition, tables.measured_under.c.kind == SET
        )
    )
    if followed is not None and numbers[followed].number > numbers[basis.measures].number:
        raise OutdatedError(partition, numbers[followed].first_used_at)


async def prefer(connection: AsyncConnection, basis: Basis, now: datetime) -> None:
    """Make these measures the newest, although others were first used after them: going back on purpose."""
    table = tables.measure_set
    await connection.execute(sa.delete(table).where(table.c.hash == basis.measures))
    await connection.execute(sa.insert(table).values(hash=basis.measures, first_used_at=now))


async def write(connection: AsyncConnection, partition: int, basis: Basis) -> None:
    """From now on the partition follows these; step 1 of a commit compares with their hash."""
    table, offset = tables.measured_under, tables.consumer_offset
    await connection.execute(sa.delete(table).where(table.c.partition == partition))
    rows = [{"kind": kind, "code": code, "hash": found} for (kind, code), found in basis.subjects.items()]
    rows.append({"kind": SET, "code": "", "hash": basis.measures})
    await connection.execute(sa.insert(table), [{"partition": partition, **row} for row in rows])
    followers = sa.update(offset).where(offset.c.topic == EVENTS, offset.c.partition == partition)
    await connection.execute(followers.values(measures=basis.hash))


SET = "set"
"""Kind of the row that holds the hash of all measures together."""
