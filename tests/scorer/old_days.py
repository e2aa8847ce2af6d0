"""A ledger whose floor is due to move, for tests: what happened in October 2025, seen from November 2026."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from services.cityscore.catalogue import load_catalogue
from services.runtime import locks
from services.runtime.topic_identity import TopicIdentity
from services.scorer import floors, offsets
from services.scorer.archive import Archive
from services.scorer.archiving import Archivist, Done
from services.scorer.decoding import RecordDecoder
from services.scorer.imports import Imported, Importer
from services.scorer.measures import compile_measures
from services.scorer.transaction import Outcome, commit_events
from services.scorer.types import Batch, City, Record
from tests.scorer.events import answered
from tests.scorer.model import Model, Town

CITY = City("karaganda", "regional", "Asia/Almaty", 0)
CITIES = {CITY.code: CITY}
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIRST = datetime(2025, 10, 10, 7, 30, tzinfo=UTC)
"""Where the floor stood in the beginning."""
DUE = datetime(2025, 10, 18, tzinfo=UTC)
"""Where it is to stand."""
COMPILED = compile_measures(load_catalogue())


async def set_floor(engine: AsyncEngine, floor: datetime) -> None:
    """As after an installation; the floor of telemetry is where it belongs."""
    table = tables.ledger_floor
    telemetry = datetime(2026, 11, 8, tzinfo=UTC)
    async with engine.begin() as connection:
        for event_class, at in (("department", floor), ("telemetry", telemetry)):
            values = {"floor": at, "first": at, "dropped": at}
            await connection.execute(sa.update(table).where(table.c.event_class == event_class).values(values))


async def standing(engine: AsyncEngine) -> floors.Floor:
    async with engine.connect() as connection:
        return (await floors.read(connection))["department"]


def call(number: int, at: datetime, wait_s: int = 20, **envelope: str) -> bytes:
    """A call answered at a moment."""
    begin = at - timedelta(seconds=wait_s)
    return answered(at.isoformat(), begin.isoformat(), **{"id": f"call-{number}", **envelope})


def calls(count: int, first: datetime = FIRST, apart: timedelta = timedelta(minutes=37)) -> Iterator[bytes]:
    """Calls one after the other."""
    for number in range(count):
        yield call(number, first + number * apart, wait_s=number * 13 % 100)


class World:
    """Two partitions, an archive, and the plain truth of what was sent."""

    def __init__(self, engine: AsyncEngine, folder: Path) -> None:
        self.engine = engine
        self.archive = Archive(folder)
        self.model = Model({CITY.code: Town(CITY.category, CITY.timezone)}, datetime(2000, 1, 1, tzinfo=UTC))
        self._next = {0: 0, 1: 0}

    async def enter(self) -> None:
        async with self.engine.begin() as connection:
            for number in self._next:
                await offsets.enter(connection, TopicIdentity("test", "old"), "events", number, 0)

    async def send(self, *bodies: bytes, partition: int = 0, now: datetime = NOW) -> Outcome:
        """Through a scorer; what is too old is no part of the truth yet."""
        begin = self._next[partition]
        records = [Record(begin + number, body) for number, body in enumerate(bodies)]
        batch = Batch("test", "old", "events", partition, begin, records)
        outcome = await commit_events(self.engine, batch, RecordDecoder(), COMPILED, CITIES, lambda: now)
        self._next[partition] = batch.end
        for event in sorted(outcome.new, key=lambda event: event.offset):
            self.model.take(partition, event.body, now)
        return outcome

    def archivist(self, archive: Archive | None = None) -> Archivist:
        return Archivist(self.engine, archive or self.archive, COMPILED, CITIES, lambda: NOW)

    async def archive_all(self) -> Done:
        """Rounds until nothing is to be done."""
        total = Done()
        while done := await self.archivist().round():
            total = Done(*map(sum, zip(total, done, strict=True)))
        return total

    async def import_(self, *bodies: bytes, letters: tuple[int, ...] = (), trial: bool = False) -> Imported:
        """As `ahual import` does it."""
        async with locks.sole(self.engine, floors.ARCHIVE_LOCK, floors.ARCHIVE) as connection:
            self.archive.forget()
            importer = Importer(connection, self.archive, COMPILED, CITIES, lambda: NOW)
            return await importer.add(bodies, letters, trial=trial)

    async def parts(self, tier: str = "day") -> dict[tuple[str, str, str, str, datetime], tuple[int, int, int]]:
        """All partitions together, without what adds up to nothing."""
        query = sa.text(
            "SELECT city, kpi, component, district, bucket, sum(numerator), sum(denominator), sum(count)"  # noqa: S608
            f" FROM part_{tier} GROUP BY 1, 2, 3, 4, 5 HAVING sum(count) <> 0"
        )
        async with self.engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        return {tuple(row[:5]): tuple(map(int, row[5:])) for row in rows}  # type: ignore[misc]  # of rows

    async def ledger(self) -> int:
        """Rows of the department's ledger."""
        async with self.engine.connect() as connection:
            return int((await connection.execute(sa.text("SELECT count(*) FROM ledger_department"))).scalar_one())
