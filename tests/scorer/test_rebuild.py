"""Rebuilding from the ledger: nothing to do where nothing is wrong, exactly what is wrong where something is."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from schemas.catalogue import Catalogue, Kpi
from schemas.measures import Limit
from schemas.topics import DEAD_LETTERS
from services.runtime.topic_identity import TopicIdentity
from services.scorer import imports, measured_under, offsets, rebuild, versions
from services.scorer.errors import OtherMeasuresError, OutdatedError
from services.scorer.imported import IMPORTED, TOPIC
from services.scorer.measures import compile_measures
from services.scorer.rebuild import Rebuilder
from services.scorer.refolding import Scope
from tests.scorer.logs import CATALOGUE, CITIES, COMPILED, FLOOR, TOWNS, Log, assert_same, distributed, interleaved
from tests.scorer.model import Model
from tests.scorer.streams import BEGIN, Stream

pytestmark = pytest.mark.stack

PARTITIONS = range(2)
LIMITS = {"republican": 5_000, "regional": 50_000, "district": 5_000}


def rebuilder(url: SecretStr, now: datetime, catalogue: Catalogue = CATALOGUE) -> Rebuilder:
    return Rebuilder(url, catalogue, CITIES, lambda: now)


def everything(by: Rebuilder) -> Scope:
    return Scope(by.kpis(), frozenset(CITIES))


async def filled(engine: AsyncEngine, seed: int, by: Rebuilder) -> tuple[Model, datetime]:
    """A stream committed to three partitions, each of them known to follow the rebuilder's measures."""
    rng, model, now = random.Random(seed), Model(TOWNS, FLOOR), BEGIN
    logs = distributed(rng, Stream(seed).bodies(200), len(PARTITIONS))
    compiled = compile_measures(by.catalogue)
    for log in logs:
        await log.enter(engine)
    for log, cut in interleaved(rng, logs):
        now += timedelta(seconds=rng.randrange(30))
        await log.commit(engine, cut, now, compiled)
        for value in log.values[cut]:
            model.take(log.number, value, now)
    for partition in PARTITIONS:
        await adopted(engine, partition, by)
    return model, now


async def adopted(engine: AsyncEngine, partition: int, by: Rebuilder) -> None:
    """Write down what was added under, as a scorer does before its first batch."""
    basis = versions.basis(by.catalogue, by.cities)
    async with engine.begin() as connection:
        await measured_under.require_newest(connection, partition, basis, BEGIN)
        await measured_under.write(connection, partition, basis)


async def rows(engine: AsyncEngine, table: sa.Table) -> list[Any]:
    async with engine.connect() as connection:
        return list((await connection.execute(sa.select(table))).all())


@pytest.mark.parametrize("seed", range(2))
async def test_a_check_proves_what_batches_have_added(floored: AsyncEngine, database_url: SecretStr, seed: int) -> None:
    by = rebuilder(database_url, BEGIN + timedelta(days=1))
    await filled(floored, seed, by)
    for partition in PARTITIONS:
        assert await by.check(partition, everything(by)) == []


async def test_what_was_damaged_is_found_and_repaired_and_recorded(
    floored: AsyncEngine, database_url: SecretStr
) -> None:
    by = rebuilder(database_url, BEGIN + timedelta(hours=2))
    model, now = await filled(floored, 5, by)
    async with floored.begin() as connection:
        part, bins = tables.parts["day"], tables.bins["hour"]
        await connection.execute(
            sa.update(part).where(part.c.kpi == "2.1", part.c.partition == 0).values(numerator=part.c.numerator + 7)
        )
        await connection.execute(sa.delete(part).where(part.c.kpi == "1.8", part.c.partition == 1))
        await connection.execute(
            sa.update(bins).where(bins.c.kpi == "2.6", bins.c.partition == 1).values(count=bins.c.count + 1)
        )
        stray = {"city": "almaty", "kpi": "2.4", "component": "", "district": "stray", "bucket": BEGIN, "partition": 1}
        await connection.execute(sa.insert(part).values(**stray, numerator=3, denominator=0, count=3))
    marks = {(r.city, r.kpi, r.partition): r.revision for r in await rows(floored, tables.kpi_mark)}
    found = {partition: await by.check(partition, everything(by)) for partition in PARTITIONS}
    assert {(d.table, d.kpi) for d in found[0]} == {("part_day", "2.1")}
    assert {(d.table, d.kpi) for d in found[1]} == {("part_day", "1.8"), ("part_day", "2.4"), ("bin_hour", "2.6")}
    assert all(d.sums["numerator"] == -7 * d.rows for d in found[0])
    for partition in PARTITIONS:
        assert await by.apply(partition, everything(by), "somebody") == found[partition]
        assert await by.check(partition, everything(by)) == []
    await assert_same(floored, model, now)
    after = {(r.city, r.kpi, r.partition): r.revision for r in await rows(floored, tables.kpi_mark)}
    changed = {(d.city, d.kpi, partition) for partition, lacks in found.items() for d in lacks}
    assert {key for key in after if after[key] != marks.get(key)} == changed
    written = await rows(floored, tables.rebuild)
    assert {(r.by, r.partition, r.table, r.kpi) for r in written} == {
        ("somebody", partition, d.table, d.kpi) for partition, lacks in found.items() for d in lacks
    }


async def test_a_rebuild_marks_the_closed_days_it_changed(floored: AsyncEngine, database_url: SecretStr) -> None:
    by = rebuilder(database_url, BEGIN + timedelta(days=2))
    await filled(floored, 6, by)
    part = tables.parts["day"]
    async with floored.begin() as connection:
        await connection.execute(sa.delete(tables.changed_day))
        await connection.execute(sa.delete(part).where(part.c.kpi == "2.4", part.c.partition == 0))
    lacks = await by.apply(0, everything(by), "somebody")
    days = await rows(floored, tables.changed_day)
    assert {(row.city, row.kpi) for row in days} == {(lack.city, "2.4") for lack in lacks}
    assert len(days) >= 1


async def test_a_scope_leaves_everything_else_alone(floored: AsyncEngine, database_url: SecretStr) -> None:
    by = rebuilder(database_url, BEGIN + timedelta(hours=2))
    await filled(floored, 7, by)
    part = tables.parts["day"]
    async with floored.begin() as connection:
        await connection.execute(sa.update(part).values(numerator=part.c.numerator + 1))
    middle = BEGIN - timedelta(days=3)
    scope = Scope(frozenset({"2.1", "1.9"}), frozenset({"karaganda"}), begin=middle, end=BEGIN)
    found = [lack for partition in PARTITIONS for lack in await by.apply(partition, scope, "somebody")]
    assert {(d.table, d.city) for d in found} == {("part_day", "karaganda")}
    assert {d.kpi for d in found} == {"2.1", "1.9"}
    assert all(middle <= d.first <= d.last < BEGIN for d in found)
    for partition in PARTITIONS:
        assert await by.check(partition, scope) == []
        assert await by.check(partition, everything(by))


async def test_buckets_before_the_horizon_are_never_touched(floored: AsyncEngine, database_url: SecretStr) -> None:
    by = rebuilder(database_url, BEGIN + timedelta(hours=2))
    await filled(floored, 8, by)
    part, horizon = tables.parts["day"], BEGIN - timedelta(days=2)
    async with floored.begin() as connection:
        await connection.execute(sa.update(part).where(part.c.kpi == "2.4").values(numerator=part.c.numerator + 1))
        await connection.execute(sa.insert(tables.rebuild_horizon).values(kpi="2.4", bucket=horizon))
    try:
        for partition in PARTITIONS:
            assert all(lack.first >= horizon for lack in await by.apply(partition, everything(by), "somebody"))
        async with floored.connect() as connection:
            wrong = sa.select(sa.func.count()).where(part.c.kpi == "2.4", part.c.bucket < horizon)
            assert (await connection.execute(wrong.where(part.c.numerator != part.c.count))).scalar_one() > 0
    finally:
        async with floored.begin() as connection:
            await connection.execute(sa.delete(tables.rebuild_horizon))


async def test_a_check_beside_live_batches_finds_nothing(floored: AsyncEngine, database_url: SecretStr) -> None:
    by = rebuilder(database_url, BEGIN + timedelta(hours=2))
    log = Log(0, Stream(9).bodies(400))
    await log.enter(floored)
    await adopted(floored, 0, by)

    measures = versions.basis(CATALOGUE, CITIES).hash

    async def live() -> None:
        for begin in range(0, len(log.values), 10):
            cut = slice(begin, min(begin + 10, len(log.values)))
            await log.commit(floored, cut, BEGIN, measures=measures)

    scorer = asyncio.create_task(live())
    checks = [await by.check(0, everything(by))]
    while not scorer.done():
        checks.append(await by.check(0, everything(by)))
    await scorer
    assert [found for found in checks if found] == []


def otherwise(catalogue: Catalogue) -> Catalogue:
    """The same catalogue with other limits of KPI 1.8."""

    def changed(kpi: Kpi) -> Kpi:
        if kpi.code != "1.8":
            return kpi
        [term] = kpi.measure.numerator
        [condition] = term.where
        limits = condition.model_copy(update={"at_most": Limit(**LIMITS)})
        numerator = (term.model_copy(update={"where": (limits,)}),)
        return kpi.model_copy(update={"measure": kpi.measure.model_copy(update={"numerator": numerator})})

    initiatives = (
        initiative.model_copy(update={"kpis": tuple(map(changed, initiative.kpis))})
        for initiative in catalogue.initiatives
    )
    return catalogue.model_copy(update={"initiatives": tuple(initiatives)})


async def test_other_measures_are_adopted_before_anything_is_added(
    floored: AsyncEngine, database_url: SecretStr
) -> None:
    now = BEGIN + timedelta(hours=2)
    old, new = rebuilder(database_url, now), rebuilder(database_url, now, otherwise(CATALOGUE))
    model, stored_at = await filled(floored, 17, old)
    with pytest.raises(OtherMeasuresError) as refused:
        await new.check(0, everything(new))
    assert refused.value.codes == ["1.8"]
    for partition in PARTITIONS:
        assert {lack.kpi for lack in await new.adopt(partition)} == {"1.8"}
        assert await new.adopt(partition) == []
        assert await new.check(partition, everything(new)) == []
    model.measures["1.8"]["numerator"][0]["where"][0]["at_most"] = LIMITS
    await assert_same(floored, model, stored_at, new.catalogue)
    followed = {row.measures for row in await rows(floored, tables.consumer_offset)}
    assert followed == {versions.basis(new.catalogue, CITIES).hash}
    with pytest.raises(OutdatedError):
        await old.adopt(0)
    async with floored.begin() as connection:
        await measured_under.prefer(connection, versions.basis(old.catalogue, CITIES), now)
    assert {lack.kpi for lack in await old.adopt(0)} == {"1.8"}
    with pytest.raises(OutdatedError):
        await new.adopt(0)


async def test_another_category_rebuilds_everything_of_the_city(floored: AsyncEngine, database_url: SecretStr) -> None:
    now = BEGIN + timedelta(hours=2)
    await filled(floored, 11, rebuilder(database_url, now))
    towns = {**CITIES, "karaganda": CITIES["karaganda"]._replace(category="district")}
    changed = Rebuilder(database_url, CATALOGUE, towns, lambda: now)
    found = [lack for partition in PARTITIONS for lack in await changed.adopt(partition)]
    assert {(lack.city, lack.kpi) for lack in found} == {("karaganda", "1.8")}


async def test_partitions_are_those_with_an_offset(floored: AsyncEngine) -> None:
    for number in (4, 2):
        await Log(number, []).enter(floored)
    async with floored.begin() as connection:
        await offsets.enter(connection, TopicIdentity("test", "letters"), DEAD_LETTERS, 7, 0)
        await offsets.enter(connection, imports.IDENTITY, TOPIC, IMPORTED, 0)
        assert await rebuild.partitions_of(connection) == [IMPORTED, 2, 4]


def test_the_fold_itself_is_part_of_the_basis(monkeypatch: pytest.MonkeyPatch) -> None:
    before = versions.basis(CATALOGUE, CITIES)
    monkeypatch.setattr(versions, "FOLD", versions.FOLD + 1)
    assert versions.stale(before.subjects, versions.basis(CATALOGUE, CITIES)).kpis == {
        subject.code for subject in before.subjects if subject.kind == "kpi"
    }
    assert COMPILED
