"""What today's state says of any window and of any past instant; lent to the API by the command that starts it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.catalogue import Catalogue, Category, Kpi, Period
from schemas.snapshot import PastClosedSnapshot, PastSnapshot, Window
from schemas.tables import Tier
from schemas.windows import KpiWindow, Percentiles
from services.cityscore.rubric import Rubrics
from services.runtime import locks
from services.scorer import bins, closed_index, histogram, snapshots, yearly
from services.scorer.cities import load_cities
from services.scorer.closed import GRACE
from services.scorer.measuring import Asked, Measuring
from services.scorer.periods import containing, last_closed, previous
from services.scorer.snapshots import Measured
from services.scorer.tiers import LENGTH, MINUTE, before, finest, just_before, minute_of, rolling
from services.scorer.types import City

TRAILING: Final = {
    "5min": timedelta(minutes=5),
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "91d": timedelta(days=91),
    "365d": timedelta(days=365),
}
_COARSENESS: Final[list[Tier]] = ["minute", "hour", "day"]


class Named(NamedTuple):
    """A window with what it is called."""

    kind: Literal["trailing", "running", "closed"]
    name: str
    asked: Asked
    enters: Literal["live", "closed"] | None


class Recomputer:
    """Reads in one repeatable-read transaction per question; stores nothing."""

    def __init__(self, engine: AsyncEngine, catalogue: Catalogue) -> None:
        self._engine = engine
        self._catalogue = catalogue
        self._kpis = {kpi.code: kpi for _, kpi in catalogue.measured()}
        self._rubrics = Rubrics(catalogue)
        self._measuring = Measuring(catalogue)

    async def windows(self, city: str, code: str, now: datetime) -> list[KpiWindow]:
        """Every trailing window, running period and last closed period of a bound KPI."""
        kpi = self._kpis[code]
        async with self._reading(city) as (connection, known):
            scored = code in self._rubrics.of(Category(known.category)).criteria
            named = list(windows_of(kpi, known, now, scored=scored))
            measured = await self._measuring.over(connection, known, [one.asked for one in named])
            percentiles = await self._percentiles(connection, known, kpi, [one.asked.window for one in named])
        return [_window(*row) for row in zip(named, measured, percentiles, strict=True)]

    async def live(self, city: str, instants: Sequence[datetime], now: datetime) -> list[PastSnapshot]:
        """The live scores of past instants, each KPI at the finest granule that is still kept."""
        async with self._reading(city) as (connection, known):
            windows = [self._windows_at(at, known, now) for at in instants]
            found = iter(await self._measuring.over(connection, known, [one for asked in windows for _, one in asked]))
        rubric = self._rubrics.of(Category(known.category))
        scored = []
        for at, asked in zip(instants, windows, strict=True):
            measured = {one.kpi: next(found) for _, one in asked}
            snapshot = snapshots.build(self._catalogue, rubric, known, measured, 0, now)
            coarsest = max((tier for tier, _ in asked), key=_COARSENESS.index)
            scored.append(PastSnapshot(**snapshot.model_dump(), as_of=at, known="now", granule=coarsest))
        return scored

    def _windows_at(self, at: datetime, city: City, now: datetime) -> list[tuple[Tier, Asked]]:
        asked = []
        for kpi in self._kpis.values():
            length, compared = LENGTH[kpi.period], kpi.measure.kind == "change"
            tier, window = finest(length, at, city.timezone, now, compared=compared)
            earlier = before(window, length, city.timezone)
            asked.append((tier, Asked(kpi.code, window, earlier, just_before(window.end))))
        return asked

    async def closed(self, city: str, at: datetime, now: datetime) -> PastClosedSnapshot:
        """The newest revisions of the periods that were closed at an instant, scored by today's rules."""
        async with self._reading(city) as (connection, known):
            rubric = self._rubrics.of(Category(known.category))
            values = await closed_index.read(connection, self._catalogue, rubric, known, at - GRACE)
        scored = closed_index.build(self._catalogue, rubric, known, values, 0, now)
        return PastClosedSnapshot(**scored.model_dump(), as_of=at, known="now")

    async def yearly(self, city: str, year: int) -> tuple[str, dict[str, Any]]:
        """Hash and evaluation of a year by the newest revisions of its closed values."""
        async with self._reading(city) as (connection, known):
            rubric = self._rubrics.of(Category(known.category))
            found = await yearly.evaluation(connection, rubric, known, year)
        return found.hash, found.to_json()

    @asynccontextmanager
    async def _reading(self, city: str) -> AsyncIterator[tuple[AsyncConnection, City]]:
        async with self._engine.connect() as connection, locks.snapshot(connection):
            yield connection, (await load_cities(connection))[city]

    async def _percentiles(
        self, connection: AsyncConnection, city: City, kpi: Kpi, windows: Sequence[Window]
    ) -> list[Percentiles | None]:
        if kpi.measure.kind != "mean":
            return [None] * len(windows)
        return [_percentiles(found, kpi) for found in await bins.read(connection, city, kpi.code, windows)]


def _percentiles(counts: Mapping[int, int], kpi: Kpi) -> Percentiles | None:
    p50, p95, p99 = (histogram.percentile(counts, percent) for percent in (50, 95, 99))
    if p50 is None or p95 is None or p99 is None:
        return None
    scale = kpi.measure.scale
    return Percentiles(p50=p50 / scale, p95=p95 / scale, p99=p99 / scale)


def windows_of(kpi: Kpi, city: City, now: datetime, *, scored: bool) -> Iterator[Named]:
    """Every window of a KPI at an instant; `scored` says whether the city's category is scored on it. Pure."""
    zone, cohort = city.timezone, kpi.measure.cohort
    for name, length in TRAILING.items():
        window = rolling(length, now, zone, past_only=cohort)
        enters: Literal["live"] | None = "live" if scored and length == LENGTH[kpi.period] else None
        yield Named("trailing", name, Asked(kpi.code, window, before(window, length, zone), now), enters)
    end = minute_of(now) if cohort else minute_of(now) + MINUTE
    for kind in Period:
        running = containing(kind, now, zone)
        window = Window(begin=running.window.begin, end=max(end, running.window.begin))
        # A change to date against the whole period before would always be a fall.
        if kpi.measure.kind != "change":
            yield Named("running", running.name, Asked(kpi.code, window, previous(running, zone).window, now), None)
    for kind in Period:
        over = last_closed(kind, now - GRACE, zone)
        asked = Asked(kpi.code, over.window, previous(over, zone).window, just_before(over.window.end))
        yield Named("closed", over.name, asked, "closed" if scored and kind is kpi.period else None)


def _window(one: Named, measured: Measured, percentiles: Percentiles | None) -> KpiWindow:
    sums = measured.sums
    return KpiWindow(
        kind=one.kind,
        name=one.name,
        begin=measured.window.begin,
        end=measured.window.end,
        value=measured.evaluated.value,
        numerator=sums and sums.numerator,
        denominator=sums and sums.denominator,
        freshness=measured.evaluated.freshness,
        coverage=measured.coverage,
        percentiles=percentiles,
        enters=one.enters,
    )
