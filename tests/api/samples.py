"""Snapshots as the scorer would store them, and storing them as it does."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from schemas.catalogue import Catalogue, Category
from schemas.snapshot import Snapshot, Window
from services.cityscore.catalogue import load_catalogue
from services.cityscore.rubric import Rubrics
from services.scorer.kinds import Sums
from services.scorer.snapshots import Measured, build
from services.scorer.types import City
from services.scorer.values import Evaluated

CITY = "karaganda"
NOW = datetime(2026, 11, 22, 18, 0, 1, tzinfo=UTC)
VALUES = {"1.8": 78.4, "1.9": 86.0, "2.1": 14.2, "2.2": 71.5, "2.3": 8.7, "2.5": 4.1, "2.6": 41.0}


@cache
def catalogue() -> Catalogue:
    return load_catalogue()


def snapshot(
    revision: int = 1, *, now: datetime = NOW, additional: int = 1, city: str = CITY, **changed: float
) -> Snapshot:
    """Seven KPIs have data; `changed` replaces values by code, written k2_1."""
    values = VALUES | {code.removeprefix("k").replace("_", "."): value for code, value in changed.items()}
    window = Window(begin=now - timedelta(days=1), end=now)
    codes = [kpi.code for initiative in catalogue().initiatives for kpi in initiative.kpis]
    measured = {
        code: Measured(window, Sums(int(values[code] * 1000), 1000, 1000), now, Evaluated(values[code], "fresh"))
        if code in values
        else Measured(window, None, None, Evaluated(None, "unbound"))
        for code in codes
    }
    rubric = Rubrics(catalogue()).of(Category.REGIONAL)
    return build(catalogue(), rubric, City(city, "regional", "Asia/Almaty", additional), measured, revision, now)


async def store(engine: AsyncEngine, stored: Snapshot, *, notice: bool = True) -> None:
    """Store a snapshot and give notice in one transaction."""
    row = {
        "city": stored.city,
        "revision": stored.revision,
        "computed_at": stored.computed_at,
        "snapshot": json.loads(stored.model_dump_json()),
    }
    upsert = insert(tables.cityscore_current).values(row)
    async with engine.begin() as connection:
        await connection.execute(upsert.on_conflict_do_update(index_elements=["city"], set_=row))
        if notice:
            payload = f"{stored.city}:{stored.revision}"
            await connection.execute(
                sa.text("SELECT pg_notify(:channel, :payload)"),
                {"channel": tables.CHANNEL_CITYSCORE, "payload": payload},
            )
