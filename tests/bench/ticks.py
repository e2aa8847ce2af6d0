"""How long the score writer takes for a city, and the API for an answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import httpx2
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.catalogue import Catalogue
from services.runtime.metrics import Metrics
from services.scorer.score_writer import ScoreWriter
from services.scorer.tiers import day_of
from services.scorer.types import City
from tests.bench.past import mark


class Ticking:
    """A score writer of our own, whose clock goes a minute forward when told."""

    def __init__(self, engine: AsyncEngine, catalogue: Catalogue, now: datetime) -> None:
        self._engine = engine
        self._now = now
        self._kpis = [kpi.code for _, kpi in catalogue.measured()]
        self._writer = ScoreWriter(engine, catalogue, lambda: self._now, Metrics())

    async def sliding(self, city: City, count: int) -> list[float]:
        """Milliseconds of ticks of which each is in a minute of its own; sorted.

        So every window has moved, and every KPI has been added to.
        """
        await self._writer.score(city)
        took = []
        for _ in range(count):
            self._now += timedelta(minutes=1)
            took.append(await self._tick_after(city, self._kpis))
        return sorted(took)

    async def changed(self, city: City, kpis: Sequence[str], count: int) -> list[float]:
        """Milliseconds of ticks within a minute, each after a batch that changed these KPIs; sorted."""
        return sorted([await self._tick_after(city, kpis) for _ in range(count)])

    async def _tick_after(self, city: City, kpis: Sequence[str]) -> float:
        async with self._engine.begin() as connection:
            await mark(connection, city.code, kpis, day_of(self._now, city.timezone))
        began = time.perf_counter()
        await self._writer.score(city)
        return 1000 * (time.perf_counter() - began)


async def answers(url: str, count: int) -> list[float]:
    """Milliseconds of GETs, one after the other on one connection, sorted."""
    took = []
    async with httpx2.AsyncClient(timeout=60, trust_env=False) as client:
        (await client.get(url)).raise_for_status()
        for _ in range(count):
            began = time.perf_counter()
            (await client.get(url)).raise_for_status()
            took.append(1000 * (time.perf_counter() - began))
    return sorted(took)
