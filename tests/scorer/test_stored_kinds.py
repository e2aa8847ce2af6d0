"""Every kind of measure from events to value, through the real database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas import tables
from schemas.identity import parse_identity
from schemas.snapshot import Window
from services.scorer import additions, entries
from services.scorer.decoding import hash64
from services.scorer.fold import fold
from services.scorer.kinds import Total
from services.scorer.measures import compile_measures
from services.scorer.measuring import Asked, Measuring
from services.scorer.types import City, Decoded, EventKey
from tests.scorer import trips

pytestmark = pytest.mark.stack

CITY = City("karaganda", "regional", "Asia/Almaty", 0)
CITIES = {CITY.code: CITY}
NOW = datetime(2026, 11, 25, 12, 0, 30, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
DECODE = trips.REGISTRY.decoder()


def event(kind: str, time: datetime, source: str, identifier: str, /, **data: Any) -> Decoded:
    """An event as the scorer sees it."""
    given = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in data.items()}
    raw = {"specversion": "1.0", "id": identifier, "source": f"/karaganda/{source}", "type": kind,
           "time": time.isoformat(), "data": given}  # fmt: skip
    key = EventKey(hash64(f"{source} {identifier}".encode()), time)
    identity = parse_identity(f"karaganda/{source}")
    return Decoded(key, 0, identity, "telemetry", 0, b"", DECODE.decode(msgspec.json.encode(raw)))


def trip(time: datetime, minutes: int = 10, **data: Any) -> Decoded:
    fields = {"line": "a", "kind": "bus", "begun_at": time, "ended_at": time + timedelta(minutes=minutes),
              "due_at": time + timedelta(minutes=15), **data}  # fmt: skip
    return event(trips.TRIP, time, "test/one", f"trip-{time}-{data}", **fields)


def total(name: str, value: int, as_of: datetime, source: str = "roads/one", **data: Any) -> Decoded:
    return event(trips.TOTAL, as_of + HOUR, source, f"{name}-{value}", name=name, total=value, as_of=as_of, **data)


class World:
    """A city's database, and a scorer with one measure per KPI."""

    def __init__(self, connection: AsyncConnection, *names: str) -> None:
        catalogue = trips.catalogue(*names)
        self.connection = connection
        self.codes = {name: f"1.{number}" for number, name in enumerate(names, start=1)}
        self.compiled = compile_measures(catalogue, trips.REGISTRY)
        self.measuring = Measuring(catalogue)

    async def add(self, *events: Decoded, sign: int = 1, partition: int = 0) -> None:
        folded = fold(events, self.compiled, CITIES, NOW, sign)
        await additions.add(self.connection, folded, partition, CITIES, NOW)

    async def heard(self, system: str, hours: int, until: datetime = NOW) -> None:
        """The system reported in each of so many hours."""
        buckets = [until.replace(minute=0, second=0) - n * HOUR for n in range(hours)]
        rows = [{"city": CITY.code, "system": system, "bucket": b, "partition": 0, "events": 1, "newest": b}
                for b in buckets]  # fmt: skip
        await self.connection.execute(sa.insert(tables.source_activity), rows)

    async def values(self) -> dict[str, object]:
        measured = await self.measuring.measure(self.connection, CITY, NOW)
        return {name: measured[code].evaluated.value for name, code in self.codes.items()}


async def test_sums_shares_and_components(database: AsyncEngine) -> None:
    async with database.begin() as connection:
        world = World(connection, "count", "sum", "mean", "duration", "share", "cohort", "terms", "norms", "rate")
        await world.heard("test", 24)
        begin = NOW - 3 * HOUR
        await world.add(
            trip(begin, 10, riders=4, speed=30.0, norm=60.0, cashless=True),
            trip(begin + HOUR, 20, riders=6, speed=50.0, norm=60.0, line="b"),
            trip(begin + 2 * HOUR, 30, kind="tram", speed=70.0, norm=60.0, line="b"),
        )
        assert await world.values() == {
            "count": 3.0,
            "sum": 10.0,
            "mean": 50.0,
            "duration": 20.0,
            "share": pytest.approx(200 / 3),
            "cohort": pytest.approx(200 / 3),
            "terms": pytest.approx(200 / 3),
            "norms": pytest.approx(200 / 3),
            "rate": 0.1,
        }


async def test_totals_are_the_newest_of_every_source_and_can_be_taken_back(database: AsyncEngine) -> None:
    async with database.begin() as connection:
        world = World(connection, "inventory", "inventory_share", "per_resident")
        await world.heard("test", 24)
        wrong = total("stops", 1000, NOW - HOUR)
        await world.add(
            total("stops", 90, NOW - 12 * HOUR),
            total("stops", 60, NOW - 6 * HOUR),
            total("stops", 30, NOW - 6 * HOUR, "roads/two"),
            total("stops", 10, NOW - 6 * HOUR, "roads/two", district="north"),
            total("stops", 7, NOW + HOUR),
            total("stops", 5, NOW - 60 * HOUR, "roads/lapsed"),
            total("smart_stops", 20, NOW - 30 * HOUR),
            total("smarter_stops", 5, NOW - 30 * HOUR),
            total("residents", 500_000, NOW - 700 * DAY),
            total("residents", 400_000, NOW - 300 * DAY, "roads/two", until=NOW - DAY),
            trip(NOW - HOUR),
        )
        assert await world.values() == {"inventory": 100.0, "inventory_share": 25 / 105 * 100, "per_resident": 0.002}
        await world.add(wrong)
        assert (await world.values())["inventory"] == 1040.0
        await world.add(wrong, sign=-1, partition=3)
        assert (await world.values())["inventory"] == 100.0


async def test_totals_as_of_any_moment(database: AsyncEngine) -> None:
    async with database.begin() as connection:
        world = World(connection, "inventory")
        stated = [total("stops", value, NOW - value * HOUR) for value in (10, 20, 30)]
        await world.add(*stated)
        lapsed = datetime(2020, 1, 1, tzinfo=UTC)
        asked = [entries.Wanted("1.1", NOW - hours * HOUR, lapsed, lapsed) for hours in (0, 10, 11, 30, 31)]
        found = await entries.totals(connection, CITY.code, asked)
    assert found == [
        {("", False): Total(value, NOW - value * HOUR)} if value else {} for value in (10, 10, 20, 30, None)
    ]


async def test_changes_compare_with_the_window_before(database: AsyncEngine) -> None:
    async with database.begin() as connection:
        world = World(connection, "change", "change_count", "change_latest")
        await world.heard("test", 48)
        before, now = NOW - 30 * HOUR, NOW - 3 * HOUR
        await world.add(
            *(trip(before + n * timedelta(minutes=1), 20) for n in range(4)),
            *(trip(now + n * timedelta(minutes=1), 10) for n in range(3)),
            total("stops", 50, NOW - 25 * HOUR),
            total("stops", 60, NOW - 2 * HOUR),
        )
        assert await world.values() == {"change": -50.0, "change_count": 25.0, "change_latest": 20.0}
        asked = [Asked("1.2", _window(now - HOUR, now), _window(before, before + HOUR), NOW)]
        [found] = await world.measuring.over(connection, CITY, asked)
        assert found.evaluated.value == 100.0


async def test_spacing_and_uptime(database: AsyncEngine) -> None:
    async with database.begin() as connection:
        world = World(connection, "spacing", "uptime")
        for system in ("test", "heat"):
            await world.heard(system, 24)
        await world.add(*(trip(NOW - n * HOUR) for n in range(12)))
        assert await world.values() == {"spacing": {"safety": pytest.approx(2.0, rel=0.001)}, "uptime": None}
        await world.add(*probes(NOW - DAY, NOW, bad=range(12)))
        found = await world.values()
        assert found["uptime"] == pytest.approx(100 * 11 / 12, rel=0.002)


def probes(begin: datetime, end: datetime, bad: Sequence[int]) -> list[Decoded]:
    """One every ten minutes."""
    step = timedelta(minutes=10)
    count = (end - begin) // step
    return [
        event(trips.PROBE, begin + (n + 1) * step, "situation-centre/probe", f"p{n}",
              begun_at=begin + n * step, ended_at=begin + (n + 1) * step, good=n not in bad)
        for n in range(count)
    ]  # fmt: skip


def _window(begin: datetime, end: datetime) -> Window:
    return Window(begin=begin.replace(second=0), end=end.replace(second=0))
