"""Every KPI of a city over its window: sums read from the database, evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.catalogue import Catalogue, Kpi
from schemas.snapshot import Window
from services.scorer import reading
from services.scorer.snapshots import Measured
from services.scorer.tiers import LENGTH, trailing
from services.scorer.types import City
from services.scorer.values import STALE_PERIODS, Sources, Sums, doubtful_zero, evaluate

LONGEST: Final = max(LENGTH.values()) * STALE_PERIODS


class _Known(NamedTuple):
    """Sums that stay right while neither the window nor the KPI's revision moves."""

    window: Window
    revision: int
    sums: Sums


class Measuring:
    """Measures live windows; remembers sums whose window and KPI did not move."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._kpis = {kpi.code: kpi for initiative in catalogue.initiatives for kpi in initiative.kpis}
        self._known: dict[tuple[str, str], _Known] = {}

    async def measure(self, connection: AsyncConnection, city: City, now: datetime) -> dict[str, Measured]:
        """Every KPI of the catalogue over the trailing window of its period."""
        revisions = await reading.revisions(connection, city.code)
        newest = await reading.newest(connection, city.code, now - LONGEST)
        kpis = self._kpis
        windows = {
            code: trailing(kpi.period, now, city.timezone, past_only=kpi.measure.cohort) for code, kpi in kpis.items()
        }
        sums = await self._sums(connection, city, windows, {code: revisions.get(code, 0) for code in kpis})
        return {
            code: await self._evaluate(connection, city, kpi, windows[code], sums[code], newest, now)
            for code, kpi in kpis.items()
        }

    async def _sums(
        self,
        connection: AsyncConnection,
        city: City,
        windows: Mapping[str, Window],
        revisions: Mapping[str, int],
    ) -> dict[str, Sums]:
        """Sums per KPI; what has any part at all and moved is read again, the rest is remembered."""
        moved = {}
        for code, window in windows.items():
            known = self._known.get((city.code, code))
            if revisions[code] and (known is None or known[:2] != (window, revisions[code])):
                moved[code] = window
        read = await reading.sums(connection, city, moved) if moved else {}
        for code, window in moved.items():
            self._known[city.code, code] = _Known(window, revisions[code], read.get(code, Sums()))
        return {code: self._known[city.code, code].sums if revisions[code] else Sums() for code in windows}

    async def _evaluate(
        self,
        connection: AsyncConnection,
        city: City,
        kpi: Kpi,
        window: Window,
        sums: Sums,
        newest: Mapping[str, datetime],
        now: datetime,
    ) -> Measured:
        systems = kpi.measure.sources or tuple(newest)
        moments = [newest.get(system) for system in systems]
        oldest = min((m for m in moments if m), default=None) if all(moments) else None
        share = 1.0
        if kpi.measure.bound and doubtful_zero(kpi.measure, sums):
            share = await reading.reported(connection, city.code, window, systems)
        evaluated = evaluate(kpi.measure, sums, Sources(oldest, share), kpi.period, now)
        return Measured(window, sums if kpi.measure.bound else None, oldest, evaluated)
