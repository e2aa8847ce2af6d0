"""Every KPI of a city over its window: sums read from the database, evaluated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.catalogue import Catalogue, Kpi
from schemas.snapshot import Window
from services.scorer import reading
from services.scorer.snapshots import Measured
from services.scorer.tiers import LENGTH, before, trailing
from services.scorer.types import City
from services.scorer.values import Sources, Sums, doubtful_zero, evaluate


class Asked(NamedTuple):
    """A KPI over one window."""

    kpi: str
    window: Window
    before: Window
    """What a `change` is compared with: the equal window before, or the calendar period before."""
    at: datetime
    """Freshness is judged as of then: now for a running window, its end for one that is over."""


class _Known(NamedTuple):
    """Sums that stay right while neither the window nor the KPI's revision moves."""

    window: Window
    revision: int
    sums: Sums


class Measuring:
    """Measures windows; remembers sums of live ones whose window and KPI did not move."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._kpis = {kpi.code: kpi for initiative in catalogue.initiatives for kpi in initiative.kpis}
        self._known: dict[tuple[str, str], _Known] = {}

    async def measure(self, connection: AsyncConnection, city: City, now: datetime) -> dict[str, Measured]:
        """Every KPI of the catalogue over the trailing window of its period."""
        revisions = await reading.revisions(connection, city.code)
        newest = (await reading.newest(connection, city.code, [now]))[now]
        asked = [self._live(kpi, city, now) for kpi in self._kpis.values()]
        sums = await self._remembered(connection, city, asked, revisions)
        measured = {}
        for one, summed in zip(asked, sums, strict=True):
            kpi, reported = self._kpis[one.kpi], None
            if kpi.measure.bound and doubtful_zero(kpi.measure, summed):
                reported = (await reading.reported(connection, city.code, [one.window]))[one.window]
            measured[one.kpi] = _measured(kpi, one, summed, newest, reported)
        return measured

    async def over(self, connection: AsyncConnection, city: City, asked: Sequence[Asked]) -> list[Measured]:
        """KPIs over any windows as today's state tells them, each with its coverage, in the order asked.

        Edges must lie in a tier that still keeps them (`tiers.KEPT`); a city-local midnight always does.
        """
        if not asked:
            return []
        sums = await reading.sums(connection, city, [(one.kpi, one.window) for one in asked])
        newest = await reading.newest(connection, city.code, {one.at for one in asked})
        reported = await reading.reported(connection, city.code, {one.window for one in asked})
        return [
            _measured(self._kpis[one.kpi], one, summed, newest[one.at], reported[one.window])
            for one, summed in zip(asked, sums, strict=True)
        ]

    @staticmethod
    def _live(kpi: Kpi, city: City, now: datetime) -> Asked:
        window = trailing(kpi.period, now, city.timezone, past_only=kpi.measure.cohort)
        return Asked(kpi.code, window, before(window, LENGTH[kpi.period], city.timezone), now)

    async def _remembered(
        self, connection: AsyncConnection, city: City, asked: Sequence[Asked], revisions: Mapping[str, int]
    ) -> list[Sums]:
        """Sums per KPI; what has any part at all and moved is read again, the rest is remembered."""
        moved = []
        for code, window, _before, _at in asked:
            known = self._known.get((city.code, code))
            revision = revisions.get(code, 0)
            if revision and (known is None or known[:2] != (window, revision)):
                moved.append((code, window))
        read = await reading.sums(connection, city, moved)
        for (code, window), summed in zip(moved, read, strict=True):
            self._known[city.code, code] = _Known(window, revisions[code], summed)
        return [self._known[city.code, one.kpi].sums if one.kpi in revisions else Sums() for one in asked]


def _measured(
    kpi: Kpi, asked: Asked, sums: Sums, newest: Mapping[str, datetime], reported: Mapping[str, float] | None
) -> Measured:
    systems = kpi.measure.sources or tuple(newest)
    moments = [newest.get(system) for system in systems]
    oldest = min((m for m in moments if m), default=None) if all(moments) else None
    coverage = None if reported is None else min((reported.get(system, 0.0) for system in systems), default=1.0)
    known = Sources(oldest, 1.0 if coverage is None else coverage)
    evaluated = evaluate(kpi.measure, sums, known, kpi.period, asked.at)
    return Measured(asked.window, sums if kpi.measure.bound else None, oldest, evaluated, coverage)
