"""Closed periods on the real database: once over, once changed, never invented, and where a crash left off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from schemas.catalogue import Catalogue, Period
from schemas.events.envelope import canonical
from schemas.events.registry import CONTRACTS
from schemas.snapshot import ClosedSnapshot
from services.cityscore.catalogue import load_catalogue
from services.runtime import locks
from services.runtime.metrics import Metrics
from services.scorer import changed_days, closing
from services.scorer.closing import CLOSER_LOCK, Closer
from services.scorer.transaction import commit_events
from tests.scorer.events import answered
from tests.scorer.test_transaction import CITIES, CITY, COMPILED, Partition

pytestmark = pytest.mark.stack
CLOSED = tables.closed_period.c
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MIDNIGHT = datetime(2026, 11, 30, 19, tzinfo=UTC)
"""Begin of Tuesday 1 December 2026 in the city: a day and a month end."""


class Log(Partition):
    """A partition whose batches are committed at a stated time."""

    def __init__(self, engine: AsyncEngine, name: str) -> None:
        super().__init__(engine, name)
        self.next = 0

    async def append(self, values: Sequence[bytes], now: datetime) -> None:
        batch = self.batch(self.next, values)
        await commit_events(self.engine, batch, self.decoder, COMPILED, CITIES, lambda: now)
        self.next += len(values)


@pytest.fixture
async def log(database: AsyncEngine, request: pytest.FixtureRequest) -> Log:
    made = Log(database, request.node.name)
    await made.enter()
    return made


def call(end: datetime, seconds: int, name: str = "") -> bytes:
    begin = end - timedelta(seconds=seconds)
    return answered(end.isoformat(), begin.isoformat(), id=name or f"call-{end.isoformat()}")


def closer(engine: AsyncEngine, now: datetime) -> Closer:
    return Closer(engine, load_catalogue(), lambda: now, Metrics())


async def values(engine: AsyncEngine, kpi: str = "2.1") -> list[tuple[str, int, float | None]]:
    query = sa.select(CLOSED.name, CLOSED.revision, CLOSED.value).where(CLOSED.kpi == kpi)
    async with engine.connect() as connection:
        rows = await connection.execute(query.order_by(CLOSED.end, CLOSED.revision))
        return [(row.name, row.revision, row.value) for row in rows]


async def indexes(engine: AsyncEngine) -> list[ClosedSnapshot]:
    table = tables.cityscore_closed.c
    async with engine.connect() as connection:
        rows = await connection.execute(sa.select(table.snapshot).order_by(table.revision))
        return [ClosedSnapshot.model_validate(body) for body in rows.scalars()]


async def test_a_day_is_closed_once_it_is_over_and_never_twice(database: AsyncEngine, log: Log) -> None:
    await log.append([call(MIDNIGHT - 3 * HOUR, 10), call(MIDNIGHT - HOUR, 30), call(MIDNIGHT, 50)], MIDNIGHT)
    await closer(database, MIDNIGHT + timedelta(minutes=4)).close(CITY)
    assert await values(database) == []
    for minutes in (5, 6, 60):
        assert not await closer(database, MIDNIGHT + timedelta(minutes=minutes)).close(CITY)
    assert await values(database) == [("2026-11-30", 1, 20.0)]
    await closer(database, MIDNIGHT + 3 * DAY + HOUR).close(CITY)
    assert await values(database) == [
        ("2026-11-30", 1, 20.0),
        ("2026-12-01", 1, 50.0),
        ("2026-12-02", 1, None),
        ("2026-12-03", 1, None),
    ]
    async with database.connect() as connection:
        query = sa.select(tables.closed_period).where(CLOSED.kpi == "2.1").order_by(CLOSED.end)
        first, _, silent, _ = (await connection.execute(query)).all()
    assert (first.begin, first.end) == (MIDNIGHT - DAY, MIDNIGHT)
    assert (first.numerator, first.denominator, first.events) == (40_000, 2, 2)
    assert (first.attainment, first.target["value"], first.weight) == (1.0, 20, 10)
    assert (first.freshness, first.newest, first.coverage) == ("fresh", MIDNIGHT - HOUR, 2 / 24)
    assert (first.catalogue_hash, first.difference) == (load_catalogue().hash, None)
    assert (silent.freshness, silent.attainment, silent.coverage) == ("not_applicable", None, 0.0)


def with_period(period: Period) -> Catalogue:
    """The catalogue with another period for KPI 2.1."""
    catalogue = load_catalogue()
    initiatives = tuple(
        i.model_copy(
            update={
                "kpis": tuple(k.model_copy(update={"period": period} if k.code == "2.1" else {}) for k in i.kpis),
            }
        )
        for i in catalogue.initiatives
    )
    return catalogue.model_copy(update={"initiatives": initiatives})


@pytest.mark.parametrize(
    ("period", "names", "first"),
    [
        (Period.DAY, 417, "2025-11-10"),
        (Period.WEEK, 59, "2025-W46"),
        (Period.MONTH, 14, "2025-11"),
        (Period.QUARTER, 5, "2025-Q4"),
        (Period.YEAR, 2, "2025"),
    ],
)
async def test_a_kpi_by_its_own_period(database: AsyncEngine, log: Log, period: Period, names: int, first: str) -> None:
    new_year = MIDNIGHT + 31 * DAY
    begin = datetime(2025, 11, 10, 12, tzinfo=UTC)
    loaded = [call(begin, 10), call(MIDNIGHT - HOUR, 30), call(new_year - HOUR, 50)]
    # The ledger takes events of the last 400 days only, so the oldest were stored as they happened.
    await log.append(loaded[:1], begin + HOUR)
    await log.append(loaded[1:], new_year)
    one = Closer(database, with_period(period), lambda: new_year + HOUR, Metrics())
    while await one.close(CITY):
        pass
    found = await values(database)
    assert len(found) == names
    assert found[0] == (first, 1, 10.0)
    assert (
        found[-1]
        == {
            Period.DAY: ("2026-12-31", 1, 50.0),
            Period.WEEK: ("2026-W52", 1, None),
            Period.MONTH: ("2026-12", 1, 50.0),
            Period.QUARTER: ("2026-Q4", 1, 40.0),
            Period.YEAR: ("2026", 1, 40.0),
        }[period]
    )


async def test_late_data_makes_a_revision_with_its_difference(database: AsyncEngine, log: Log) -> None:
    await log.append([call(MIDNIGHT - HOUR, 30)], MIDNIGHT)
    await closer(database, MIDNIGHT + HOUR).close(CITY)
    await log.append([call(MIDNIGHT - 2 * HOUR, 10, "late")], MIDNIGHT + 2 * HOUR)
    await closer(database, MIDNIGHT + 2 * HOUR + timedelta(seconds=30)).close(CITY)
    assert await values(database) == [("2026-11-30", 1, 30.0)], "still settling"
    for _ in range(2):
        await closer(database, MIDNIGHT + 3 * HOUR).close(CITY)
    assert await values(database) == [("2026-11-30", 1, 30.0), ("2026-11-30", 2, 20.0)]
    async with database.connect() as connection:
        differences = await connection.execute(
            sa.select(CLOSED.difference).where(CLOSED.kpi == "2.1").order_by(CLOSED.revision)
        )
        assert differences.scalars().all() == [None, -10.0]
        assert (await connection.execute(sa.select(sa.func.count()).select_from(tables.changed_day))).scalar_one() == 0
    # Late data that changes no value of a KPI makes no revision of it.
    await log.append([call(MIDNIGHT - 3 * HOUR, 20, "the same mean")], MIDNIGHT + 4 * HOUR)
    before = len(await values(database, "1.1"))
    await closer(database, MIDNIGHT + 5 * HOUR).close(CITY)
    assert (await values(database))[-1] == ("2026-11-30", 3, 20.0), "its sums changed"
    assert len(await values(database, "1.1")) == before


async def test_a_trickle_of_late_data_is_looked_at_every_quarter_of_an_hour(database: AsyncEngine, log: Log) -> None:
    await log.append([call(MIDNIGHT - HOUR, 30)], MIDNIGHT)
    await closer(database, MIDNIGHT + HOUR).close(CITY)
    for minute in range(35):
        now = MIDNIGHT + 2 * HOUR + timedelta(minutes=minute)
        await log.append([call(MIDNIGHT - 2 * HOUR, minute, f"late-{minute}")], now)
        await closer(database, now + timedelta(seconds=45)).close(CITY)
    assert len(await values(database)) == 3
    await closer(database, MIDNIGHT + 4 * HOUR).close(CITY)
    _, revision, mean = (await values(database))[-1]
    assert (revision, mean) == (4, (30 + sum(range(35))) / 36)


async def test_history_loaded_later_is_closed_back_to_its_begin(
    database: AsyncEngine, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "CHUNK", 7)
    monkeypatch.setattr(closing, "ROUNDS", 3)
    await log.append([call(MIDNIGHT - HOUR, 30)], MIDNIGHT)
    await closer(database, MIDNIGHT + HOUR).close(CITY)
    assert [name for name, *_ in await values(database)] == ["2026-11-30"]
    past = [call(MIDNIGHT - HOUR - n * DAY, n % 50) for n in range(1, 60) if n % 3]
    await log.append(past, MIDNIGHT + 2 * HOUR)
    passes = 1
    while await closer(database, MIDNIGHT + 3 * HOUR).close(CITY):
        passes += 1
    assert passes > 1, "a pass is bounded"
    found = await values(database)
    assert len(found) == 60
    assert {revision for _, revision, _ in found} == {1}
    assert [value for *_, value in found] == [
        float(n % 50) if n % 3 else 30.0 if n == 0 else None for n in range(59, -1, -1)
    ]


async def test_one_closer_per_city(database: AsyncEngine, log: Log) -> None:
    await log.append([call(MIDNIGHT - HOUR, 30)], MIDNIGHT)
    closers = [closer(database, MIDNIGHT + HOUR) for _ in range(3)]
    async with locks.sole(database, CLOSER_LOCK, CITY.code):
        assert await asyncio.gather(*(one.close(CITY) for one in closers)) == [False] * 3
    assert await values(database) == []
    await asyncio.gather(*(one.close(CITY) for one in closers))
    assert await values(database) == [("2026-11-30", 1, 30.0)]


async def test_a_crash_between_storing_and_forgetting_repeats_nothing(
    database: AsyncEngine, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    await log.append([call(MIDNIGHT - HOUR, 30)], MIDNIGHT)
    await closer(database, MIDNIGHT + HOUR).close(CITY)
    await log.append([call(MIDNIGHT - 2 * HOUR, 10)], MIDNIGHT + 2 * HOUR)

    async def crash(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(changed_days, "forget", crash)
        with pytest.raises(ConnectionError):
            await closer(database, MIDNIGHT + 3 * HOUR).close(CITY)
    await closer(database, MIDNIGHT + 3 * HOUR).close(CITY)
    assert await values(database) == [("2026-11-30", 1, 30.0), ("2026-11-30", 2, 20.0)]
    assert (await indexes(database))[-1].kpis["2.1"].value == 20.0, "the index follows what the crash left behind"


async def test_the_closed_index_is_of_the_last_closed_periods(database: AsyncEngine, log: Log) -> None:
    await log.append([call(MIDNIGHT - 40 * DAY, 10), call(MIDNIGHT - HOUR, 40)], MIDNIGHT)
    for after in (HOUR, HOUR + timedelta(minutes=1), 2 * HOUR):
        await closer(database, MIDNIGHT + after).close(CITY)
    [first] = await indexes(database)
    assert (first.revision, first.basis, first.computed_at) == (1, "closed", MIDNIGHT + HOUR)
    waiting = first.kpis["2.1"]
    assert (waiting.name, waiting.period_revision, waiting.value) == ("2026-11-30", 1, 40.0)
    assert (waiting.attainment, waiting.window.end) == (0.5, MIDNIGHT)
    assert waiting.window_coverage == 1 / 24
    assert first.index is not None
    for kpi in first.kpis.values():
        if kpi.period_revision is None:
            assert (kpi.value, kpi.attainment, kpi.window_coverage) == (None, None, None)
            assert kpi.freshness in ("unbound", "missing")
    await log.append([call(MIDNIGHT - 2 * HOUR, 0, "late"), call(MIDNIGHT + HOUR, 10)], MIDNIGHT + 2 * HOUR)
    await closer(database, MIDNIGHT + 3 * HOUR).close(CITY)
    await closer(database, MIDNIGHT + DAY + HOUR).close(CITY)
    found = [(i.revision, i.kpis["2.1"].name, i.kpis["2.1"].period_revision) for i in await indexes(database)]
    assert found == [(1, "2026-11-30", 1), (2, "2026-11-30", 2), (3, "2026-12-01", 1)]
    await closer(database, MIDNIGHT + 2 * DAY + HOUR).close(CITY)
    assert len(await indexes(database)) == 4, "stored once a day even in silence"


async def test_the_year_is_frozen_on_31_january_and_revised_beside(database: AsyncEngine, log: Log) -> None:
    await log.append([call(MIDNIGHT - HOUR, 30)], MIDNIGHT)
    january_31 = datetime(2027, 1, 30, 19, tzinfo=UTC)
    table = tables.cityscore_yearly.c

    async def years() -> list[tuple[int, int, datetime]]:
        async with database.connect() as connection:
            rows = await connection.execute(sa.select(table.year, table.revision, table.computed_at))
            return sorted((row.year, row.revision, row.computed_at) for row in rows)

    await closer(database, january_31 - HOUR).close(CITY)
    assert await years() == []
    one = closer(database, january_31 + HOUR)
    for _ in range(2):
        await one.close(CITY)
    assert await years() == [(2026, 1, january_31 + HOUR)]
    await log.append([call(MIDNIGHT - 2 * HOUR, 50, "late")], january_31 + 2 * HOUR)
    later = closer(database, january_31 + 3 * HOUR)
    for _ in range(2):
        await later.close(CITY)
    revised = [(2026, 1, january_31 + HOUR), (2026, 2, january_31 + 3 * HOUR)]
    assert await years() == revised
    other = load_catalogue().model_copy(update={"hash": "another catalogue"})
    await Closer(database, other, lambda: january_31 + 30 * HOUR, Metrics()).close(CITY)
    assert await years() == revised, "a changed catalogue alone revises no year"
    async with database.connect() as connection:
        rows = (await connection.execute(sa.select(table.hash, table.evaluation).order_by(table.revision))).all()
    assert rows[0].hash != rows[1].hash
    assert rows[0].evaluation["score"]["index"] > rows[1].evaluation["score"]["index"] > 0


def total(name: str, count: int, as_of: datetime, told: datetime) -> bytes:
    """An inventory of the situation centre, told at some moment."""
    data = {"name": name, "total": count, "as_of": as_of.isoformat()}
    raw = {
        "specversion": "1.0",
        "id": f"{name}-{count}-{told.isoformat()}",
        "source": f"/{CITY.code}/situation-centre/inventory",
        "type": "kz.ahual.reference.total-reported.v1",
        "time": told.isoformat(),
        "data": data,
    }
    return canonical(CONTRACTS[str(raw["type"])].model_validate_json(json.dumps(raw)))


async def test_a_late_inventory_revises_every_period_from_its_day_on(database: AsyncEngine, log: Log) -> None:
    types = "visualisation_types"  # 1.3, monthly
    september, november = datetime(2026, 9, 10, tzinfo=UTC), datetime(2026, 11, 10, tzinfo=UTC)
    await log.append([total(types, 3, september, september)], september)
    await log.append([total(types, 4, november, november)], november)
    await log.append([total(types, 9, MIDNIGHT, MIDNIGHT)], MIDNIGHT)
    await closer(database, MIDNIGHT + HOUR).close(CITY)
    assert await values(database, "1.3") == [("2026-09", 1, 3.0), ("2026-10", 1, 3.0), ("2026-11", 1, 4.0)]
    october = datetime(2026, 9, 20, tzinfo=UTC)
    await log.append([total(types, 6, october, MIDNIGHT)], MIDNIGHT + 2 * HOUR)
    await closer(database, MIDNIGHT + 3 * HOUR).close(CITY)
    assert await values(database, "1.3") == [
        ("2026-09", 1, 3.0),
        ("2026-09", 2, 6.0),
        ("2026-10", 1, 3.0),
        ("2026-10", 2, 6.0),
        ("2026-11", 1, 4.0),
    ]
