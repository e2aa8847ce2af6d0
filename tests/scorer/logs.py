"""Partitions' logs committed to a real database, and comparing it with the plain model."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas import tables
from schemas.catalogue import Catalogue
from schemas.measures import Measure
from schemas.topics import EVENTS
from services.cityscore.catalogue import load_catalogue
from services.runtime.topic_identity import TopicIdentity
from services.scorer import offsets
from services.scorer.decoding import RecordDecoder
from services.scorer.measures import Compiled, compile_measures, kpis_of
from services.scorer.transaction import Outcome, commit_events
from services.scorer.types import Batch, BinKey, City, EntryKey, Record
from tests.scorer.model import KPIS, TYPES, Model, Town, bucket
from tests.scorer.oracle import expected as plainly
from tests.scorer.streams import BEGIN, TYPE_OF, cuts

TOWNS = {"karaganda": Town("regional", "Asia/Almaty"), "almaty": Town("republican", "Europe/Berlin")}
"""One of them changes its clocks twice a year, and the streams reach over that."""
CITIES = {code: City(code, town.category, town.timezone, 0) for code, town in TOWNS.items()}
FLOOR = BEGIN - timedelta(days=400)
KEPT: dict[tables.Tier, timedelta] = {
    "minute": timedelta(days=3),
    "hour": timedelta(days=200),
    "day": timedelta(days=4000),
}
CATALOGUE = load_catalogue()
COMPILED = compile_measures(CATALOGUE)
FED = frozenset({"any", *(TYPE_OF[kind] for kind in TYPES)})
"""What terms may name that streams say something to."""


class Log:
    """A partition's records and how far a scorer has come with them."""

    def __init__(self, number: int, values: list[bytes]) -> None:
        self.number = number
        self.values = values
        self.decoder = RecordDecoder()

    async def enter(self, engine: AsyncEngine) -> None:
        async with engine.begin() as connection:
            await offsets.enter(connection, TopicIdentity("test", "truth"), EVENTS, self.number, 0)

    async def commit(
        self,
        engine: AsyncEngine,
        cut: slice,
        now: datetime,
        compiled: Compiled = COMPILED,
        *,
        measures: str = "",
        straight: bool = False,
    ) -> Outcome:
        records = [Record(cut.start + place, value) for place, value in enumerate(self.values[cut])]
        batch = Batch("test", "truth", EVENTS, self.number, cut.start, records)
        return await commit_events(
            engine, batch, self.decoder, compiled, CITIES, lambda: now, measures=measures, straight=straight
        )


def distributed(rng: random.Random, bodies: list[bytes], partitions: int) -> list[Log]:
    """A source's events on its partition, as the key wants it; some astray, as when a topic was widened."""
    astray = rng.choice([0, 0.1, 0.5])
    values: list[list[bytes]] = [[] for _ in range(partitions)]
    for body in bodies:
        home = crc32(body.partition(b'"source":"')[2].partition(b'"')[0]) % partitions
        values[rng.randrange(partitions) if rng.random() < astray else home].append(body)
    return [Log(number, found) for number, found in enumerate(values)]


def interleaved(rng: random.Random, logs: list[Log]) -> Iterator[tuple[Log, slice]]:
    """Batches of random length; partitions interleave as they like, each is read from its beginning."""
    waiting = [(log, cuts(rng, len(log.values), rng.choice([1, 10, 80]))) for log in logs]
    while waiting:
        turn = rng.choice(waiting)
        cut = next(turn[1], None)
        if cut is None:
            waiting.remove(turn)
        else:
            yield turn[0], cut


async def assert_same(engine: AsyncEngine, model: Model, now: datetime, catalogue: Catalogue = CATALOGUE) -> None:
    """`catalogue`: where it is another than that of the model's measures, it is what their change made of it."""
    async with engine.connect() as connection:
        for row in (await connection.execute(sa.select(tables.consumer_offset))).all():
            booked = {"stored": row.stored, "duplicate": row.duplicate, "rejected": row.rejected}
            assert booked == {name: model.outcomes[row.partition][name] for name in booked}
            assert row.next_offset == sum(booked.values())
        for tier, kept in KEPT.items():
            for partition in model.outcomes:
                c = tables.parts[tier].c
                query = sa.select(c.city, c.kpi, c.component, c.district, c.bucket, c.numerator, c.denominator, c.count)
                rows = await connection.execute(
                    query.where(c.partition == partition, c.bucket >= now - kept, c.kpi.in_(KPIS))
                )
                stored = {tuple(row[:5]): tuple(row[5:]) for row in rows if any(row[5:])}
                expected = model.parts(tier, partition)
                assert stored == {cell: sums for cell, sums in expected.items() if cell[4] >= now - kept}
        for partition in model.outcomes:
            await assert_folded(connection, model, partition, now, fed(catalogue))


def fed(catalogue: Catalogue) -> dict[str, Measure]:
    """Every KPI that the streams' events add to."""

    def events(measure: Measure) -> set[str]:
        terms = (term for _, part in measure.parts() for term in (*part.numerator, *part.denominator, *part.base))
        return {term.event for term in terms}

    return {kpi.code: kpi.measure for kpi in kpis_of(catalogue) if events(kpi.measure) & FED}


async def assert_folded(
    connection: AsyncConnection, model: Model, partition: int, now: datetime, measures: dict[str, Measure]
) -> None:
    """Sums, durations' bins and dated entries of all KPIs are those of the measures' plain reading, for what counts."""
    towns = {code: City(code, town.category, town.timezone, 0) for code, town in model.towns.items()}
    parts: dict[tables.Tier, dict[tuple[Any, ...], tuple[int, ...]]] = {tier: {} for tier in KEPT}
    bins: dict[tables.Tier, dict[tuple[Any, ...], tuple[int, ...]]] = {tier: {} for tier in KEPT}
    entries: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for stored in model.counting():
        if stored.partition == partition:
            events, _ = RecordDecoder().decode([Record(0, stored.body)], towns)
            folded = plainly(events, measures, towns, stored.stored_at)
            for tier in KEPT:
                for part, sums in folded.parts.items():
                    cell = part._replace(bucket=bucket(part.bucket, tier, model.towns[part.city]))
                    parts[tier][cell] = _plus(parts[tier].get(cell), sums)
                for place, count in folded.bins.items():
                    bin_ = place._replace(bucket=bucket(place.bucket, tier, model.towns[place.city]))
                    bins[tier][bin_] = _plus(bins[tier].get(bin_), (count,))
            entries.update({tuple(key): tuple(entry) for key, entry in folded.entries.items()})
    for tier, kept in KEPT.items():
        for table, expected in ((tables.parts[tier], parts[tier]), (tables.bins[tier], bins[tier])):
            key = ("city", "kpi", "component", "district", "bucket") if expected is parts[tier] else BinKey._fields
            sums_of = ("numerator", "denominator", "count") if expected is parts[tier] else ("count",)
            where = sa.and_(table.c.partition == partition, table.c.bucket >= now - kept, table.c.count != 0)
            found = await _rows(connection, table, key, sums_of, where)
            assert found == {cell: sums for cell, sums in expected.items() if cell[key.index("bucket")] >= now - kept}
    where = sa.and_(tables.entry.c.partition == partition, tables.entry.c.count != 0)
    assert await _rows(connection, tables.entry, EntryKey._fields, ("value", "count", "until"), where) == entries


async def _rows(
    connection: AsyncConnection, table: sa.Table, key: Sequence[str], sums: Sequence[str], where: Any
) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    rows = await connection.execute(sa.select(*(table.c[name] for name in (*key, *sums))).where(where))
    return {tuple(row[: len(key)]): tuple(row[len(key) :]) for row in rows}


def _plus(before: tuple[int, ...] | None, added: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(added) if before is None else tuple(a + b for a, b in zip(before, added, strict=True))
