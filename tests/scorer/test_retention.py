"""What is too old is dropped, what a window or an `as_of` may ask for stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from services.scorer.retention import KEPT, drop_old

pytestmark = pytest.mark.stack
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def test_dead_letters_forget_their_payload_and_keep_their_reason(database: AsyncEngine) -> None:
    letter = {
        "reason": "empty", "detail": "d", "city": "karaganda", "system": "s", "device": "d", "size": 4,
        "sha256": "", "payload": b"seal", "truncated": False,
    }  # fmt: skip
    cases = [("http", 89, True), ("http", 91, False), ("kafka", 399, True), ("kafka", 401, False)]
    async with database.begin() as connection:
        for topic, days, _ in cases:
            row = {"topic": topic, "origin": f"{topic}/{days}", "rejected_at": NOW - timedelta(days=days)}
            await connection.execute(sa.insert(tables.dead_letter).values(**letter, **row))
    await drop_old(database, lambda: NOW)
    c = tables.dead_letter.c
    async with database.connect() as connection:
        left = (await connection.execute(sa.select(c.payload, c.truncated, c.reason).order_by(c.id))).all()
    for found, (_, _, kept) in zip(left, cases, strict=True):
        assert (bytes(found.payload), found.truncated, found.reason) == (b"seal" if kept else b"", not kept, "empty")


async def test_rows_are_kept_for_as_long_as_stated(database: AsyncEngine) -> None:
    part = {"city": "karaganda", "kpi": "2.1", "partition": 0, "numerator": 1, "denominator": 1, "count": 1}
    score = {"city": "karaganda", "revision": 1, "catalogue_hash": "", "lower": 0, "upper": 0, "coverage": 0}
    ages = [timedelta(days=days) for days in (0, 2, 10, 25, 190, 390, 800, 3000)]
    async with database.begin() as connection:
        for table in tables.parts.values():
            await connection.execute(sa.insert(table), [part | {"bucket": NOW - age} for age in ages])
        for table in tables.cityscores.values():
            rows = [score | {"computed_at": NOW - age, "snapshot": {}} for age in ages]
            await connection.execute(sa.insert(table), rows)
    await drop_old(database, lambda: NOW)
    left = {}
    async with database.connect() as connection:
        for table, column in [(t, t.c.bucket) for t in tables.parts.values()] + [
            (t, t.c.computed_at) for t in tables.cityscores.values()
        ]:
            left[table.name] = {NOW - time for time in (await connection.execute(sa.select(column))).scalars()}
    for name, found in left.items():
        kept = KEPT.get(name)
        assert found >= {age for age in ages if kept is None or age <= kept}, name
        assert kept is None or timedelta(days=3000) not in found
    assert timedelta(days=10) not in left["part_minute"]
    assert timedelta(days=390) not in left["part_hour"]
    assert left["cityscore_day"] == left["part_day"] == set(ages)
