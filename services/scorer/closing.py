"""Closing calendar periods: a value is stored once its period is over, and a revision when its past changed.

A pass over a city takes its lock, so that there is one writer; stops anywhere and goes on in the next pass; and stores
the periods of a KPI without gaps, so that where it stopped is seen from what is stored.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.catalogue import Catalogue, Category, Kpi, Period
from services.cityscore.index import mark
from services.cityscore.rubric import Rubric, Rubrics
from services.runtime import locks
from services.runtime.clock import Clock
from services.runtime.database import DATABASE_ERRORS
from services.runtime.metrics import Metrics
from services.scorer import changed_days, closed, closed_index, reading, yearly
from services.scorer.apart import apart
from services.scorer.changed_days import Mark, Unsettled
from services.scorer.cities import load_cities
from services.scorer.closed import GRACE, ClosedValue, Key, Result, Span
from services.scorer.measuring import Asked, Measuring
from services.scorer.periods import (
    CalendarPeriod,
    containing,
    down_to,
    following,
    last_closed,
    previous,
    up_to,
    year_of,
)
from services.scorer.snapshots import Measured
from services.scorer.tiers import just_before, local_date
from services.scorer.types import City

log = logging.getLogger(__name__)

EVERY: Final = timedelta(minutes=1)
SETTLE: Final = timedelta(minutes=1)
"""Past days that changed are looked at once nothing has changed for this long …"""
PATIENCE: Final = timedelta(minutes=15)
"""… or when they have waited this long, so that back-filled years do not make a revision a minute."""
CHUNK: Final = 500
"""Periods in one transaction."""
MARKS: Final = 20_000
"""Changed days in one transaction."""
ROUNDS: Final = 40
"""Transactions of each kind in one pass over a city; then it is the next city's turn."""
CLOSER_LOCK: Final = 0x434C4F53

Due = tuple[str, CalendarPeriod]
"""KPI and period."""


class Closer:
    """Closes the periods of every city."""

    def __init__(self, engine: AsyncEngine, catalogue: Catalogue, clock: Clock, metrics: Metrics) -> None:
        self._engine = engine
        self._catalogue = catalogue
        self._kpis = {k.code: k for i in catalogue.initiatives for k in i.kpis if k.measure.bound}
        self._kinds = {code: kpi.period for code, kpi in self._kpis.items()}
        self._rubrics = Rubrics(catalogue)
        self._measuring = Measuring(catalogue)
        self._clock = clock
        self._metrics = metrics
        self._years: dict[str, set[int]] = {}
        """Years whose values changed since they were last evaluated."""
        self._looked_at: dict[str, date] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Pass over all cities every minute, at once again while one of them has more to close, until `stop` is set."""
        while not stop.is_set():
            more = False
            try:
                async with self._engine.connect() as connection:
                    cities = await load_cities(connection)
                for code in sorted(cities):
                    with apart(code, "closing", self._metrics):
                        more |= await self.close(cities[code])
            except DATABASE_ERRORS as error:
                log.warning("periods not closed, trying again", extra={"reason": str(error)[:300]})
            try:
                async with asyncio.timeout(0.1 if more else EVERY.total_seconds()):
                    await stop.wait()
            except TimeoutError:
                continue

    async def close(self, city: City) -> bool:
        """Bring a city's closed values, closed index and yearly evaluations up to date; whether there is more to do.

        Does nothing while another scorer is at it.
        """
        async with locks.sole_or_none(self._engine, CLOSER_LOCK, city.code) as connection:
            if connection is None:
                return False
            with self._metrics.histogram("ahual_scorer_closing_seconds").time():
                now = self._clock()
                settled = _is_settled(await changed_days.unsettled(connection, city.code), now)
                await connection.commit()
                written, more = await self._catch_up(connection, city, now, settled=settled)
                if settled:
                    revised, waiting = await self._revise(connection, city, now)
                    written, more = [*written, *revised], more or waiting
                rubric = self._rubrics.of(Category(city.category))
                async with locks.snapshot(connection):
                    await closed_index.update(connection, self._catalogue, rubric, city, now)
                years = self._years.setdefault(city.code, set())
                years |= {year_of(value.period, city.timezone) for value in written}
                if not more:
                    await self._evaluate_years(connection, rubric, city, now, years)
                    years.clear()
        return more

    async def _catch_up(
        self, connection: AsyncConnection, city: City, now: datetime, *, settled: bool
    ) -> tuple[list[ClosedValue], bool]:
        """Store the first revision of what is over and not stored, and whether something is left."""
        spans = await closed.spans(connection, city.code, self._kinds)
        begins = await reading.first(connection, city.code)
        await connection.commit()
        due = self._due(city, now, spans, begins, settled=settled)
        written: list[ClosedValue] = []
        for chunk in _chunks(due[: CHUNK * ROUNDS]):
            async with locks.snapshot(connection):
                values = await self._measure(connection, city, chunk, {}, now)
                await closed.store(connection, city.code, values)
            written += values
        self._count("closed", len(written))
        return written, len(due) > len(written)

    def _due(
        self,
        city: City,
        now: datetime,
        spans: Mapping[str, Span],
        begins: Mapping[str, datetime],
        *,
        settled: bool,
    ) -> list[Due]:
        """Forward from the last stored period to the newest closed one, and back to where the data begin.

        The first look at a KPI, and what was loaded before its first period, wait until past days stop changing.
        """
        forward: list[Due] = []
        backward: list[Due] = []
        for code, kpi in self._kpis.items():
            begin = _begin(kpi, begins)
            span = spans.get(code)
            if begin is None or not (span or settled):
                continue
            zone, last = city.timezone, last_closed(kpi.period, now - GRACE, city.timezone)
            oldest = containing(kpi.period, begin, zone)
            if span is None:
                forward += ((code, period) for period in up_to(oldest, last, zone))
            else:
                forward += ((code, period) for period in up_to(containing(kpi.period, span.last, zone), last, zone))
                if settled:
                    before = last_closed(kpi.period, just_before(span.first), zone)
                    backward += ((code, period) for period in down_to(before, oldest, zone))
        return [*sorted(forward, key=_by_time), *sorted(backward, key=_by_time, reverse=True)]

    async def _revise(self, connection: AsyncConnection, city: City, now: datetime) -> tuple[list[ClosedValue], bool]:
        """Look again at the closed periods that late data or corrections touched, and whether more are waiting."""
        written: list[ClosedValue] = []
        for _ in range(ROUNDS):
            async with locks.snapshot(connection):
                marks = await changed_days.read(connection, city.code, MARKS)
                touched = sorted(self._touched(marks, city, now), key=_by_time)
                for chunk in _chunks(touched):
                    known = await closed.newest(connection, city.code, (_key(*due) for due in chunk))
                    # What is not stored yet will be caught up with as it is then.
                    stored = [due for due in chunk if _key(*due) in known]
                    values = await self._measure(connection, city, stored, known, now)
                    await closed.store(connection, city.code, values)
                    written += values
            await changed_days.forget(connection, city.code, marks)
            await connection.commit()
            if len(marks) < MARKS:
                break
        self._count("revised", len(written))
        return written, len(marks) == MARKS

    def _touched(self, marks: Iterable[Mark], city: City, now: datetime) -> set[Due]:
        """The closed periods that the changed days may have changed."""
        touched: set[Due] = set()
        for day, code, onwards in {(m.day, m.kpi, m.onwards) for m in marks}:
            kpi = self._kpis.get(code)
            if kpi is None:
                continue
            period, zone = containing(kpi.period, day, city.timezone), city.timezone
            last = last_closed(kpi.period, now - GRACE, zone)
            until = last if onwards else following(period, zone) if kpi.measure.kind == "change" else period
            touched |= {(code, p) for p in up_to(period, until, zone) if p.window.end <= last.window.end}
        return touched

    async def _evaluate_years(
        self, connection: AsyncConnection, rubric: Rubric, city: City, now: datetime, years: set[int]
    ) -> None:
        """Freeze the years that are due and revise those that changed; once a day, all of them are looked at."""
        today = local_date(now, city.timezone)
        if self._looked_at.get(city.code) != today:
            spans = await closed.spans(connection, city.code, self._kinds)
            await connection.commit()
            ends = [just_before(span.first) for span in spans.values()]
            first = min((local_date(end, city.timezone).year for end in ends), default=today.year)
            years = {*range(first, today.year), *years}
        async with locks.snapshot(connection):
            await yearly.update(connection, rubric, city, years, now)
        self._looked_at[city.code] = today

    async def _measure(
        self,
        connection: AsyncConnection,
        city: City,
        due: Sequence[Due],
        known: Mapping[Key, ClosedValue],
        now: datetime,
    ) -> list[ClosedValue]:
        """The new revisions; a period that comes to the same as before has none."""
        asked = [
            Asked(code, period.window, previous(period, city.timezone).window, just_before(period.window.end))
            for code, period in due
        ]
        measured = await self._measuring.over(connection, city, asked)
        rubric = self._rubrics.of(Category(city.category))
        values = (
            closed_value(rubric, self._kpis[code], period, found, known.get(_key(code, period)), now)
            for (code, period), found in zip(due, measured, strict=True)
        )
        return [value for value in values if value is not None]

    def _count(self, what: str, count: int) -> None:
        self._metrics.counter("ahual_scorer_closed_periods_total").labels(what).inc(count)


def closed_value(
    rubric: Rubric, kpi: Kpi, period: CalendarPeriod, measured: Measured, before: ClosedValue | None, now: datetime
) -> ClosedValue | None:
    """What is to be stored of a closed period; None if it came to the same `before`. Pure."""
    value = measured.evaluated.value
    result = Result(value, measured.sums, measured.evaluated.freshness)
    if before is not None and result.says_the_same_as(before.result):
        return None
    scored = None if value is None else mark(rubric, kpi.code, value)
    target = kpi.targets.of(rubric.category)
    return ClosedValue(
        kpi=kpi.code,
        period=period,
        revision=before.revision + 1 if before else 1,
        result=result,
        attainment=scored.reached if scored else None,
        target=target.model_dump(mode="json") if target else None,
        weight=kpi.weight,
        newest=measured.newest,
        coverage=measured.coverage,
        catalogue_hash=rubric.catalogue,
        computed_at=now,
        difference=closed.difference(value, before.result.value) if before else None,
    )


def _begin(kpi: Kpi, begins: Mapping[str, datetime]) -> datetime | None:
    """When the first of its sources first reported; None if none ever did."""
    systems = kpi.measure.sources or tuple(begins)
    return min((begins[system] for system in systems if system in begins), default=None)


def _is_settled(unsettled: Unsettled | None, now: datetime) -> bool:
    return unsettled is None or now - unsettled.changed_at >= SETTLE or now - unsettled.since >= PATIENCE


def _key(code: str, period: CalendarPeriod) -> Key:
    return Key(code, period.kind, period.window.end)


_ORDER: Final = list(Period)


def _by_time(due: Due) -> tuple[int, datetime]:
    """Periods of one kind together and in order: KPIs that share a window are measured in one go."""
    return _ORDER.index(due[1].kind), due[1].window.end


def _chunks(due: Sequence[Due]) -> Iterator[Sequence[Due]]:
    for begin in range(0, len(due), CHUNK):
        yield due[begin : begin + CHUNK]
