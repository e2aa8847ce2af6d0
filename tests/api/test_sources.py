"""How sources are judged and listed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from schemas.sources import Limits, SourceLimits, load_source_limits
from services.api import source_states
from services.api.source_reader import AGE, MOST, SourceReader
from services.api.stock_taking import StockTaking
from services.runtime.metrics import Metrics
from services.scorer.sensing import Run
from tests.api.conftest import Api
from tests.api.heard import hear

stack = pytest.mark.stack
NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
LIMITS = SourceLimits(defaults=load_source_limits().defaults, systems={})


def ago(**length: float) -> datetime:
    return NOW - timedelta(**length)


async def judged(engine: AsyncEngine, now: datetime = NOW, limits: SourceLimits = LIMITS) -> dict[str, Any]:
    """State, expected interval and its origin of every source."""
    async with engine.connect() as connection:
        rows = await source_states.page(
            connection, limits, "karaganda", now, system=None, states=(), after=("", ""), limit=1000
        )
    return {f"{row['system']}/{row['device']}": (row["state"], row["interval_s"], row["interval_from"]) for row in rows}


@stack
async def test_silence_is_three_expected_intervals(database: AsyncEngine) -> None:
    await hear(database, "heat/a", NOW, every_s=100)
    assert await judged(database, NOW + timedelta(seconds=300)) == {"heat/a": ("live", 100, "learned")}
    assert await judged(database, NOW + timedelta(seconds=301)) == {"heat/a": ("silent", 100, "learned")}


@stack
async def test_silence_is_never_shorter_than_its_floor(database: AsyncEngine) -> None:
    await hear(database, "heat/fast", NOW, every_s=10, times=35)
    assert (await judged(database, NOW + timedelta(seconds=60)))["heat/fast"] == ("live", 10, "learned")
    assert (await judged(database, NOW + timedelta(seconds=61)))["heat/fast"][0] == "silent"


@stack
async def test_what_is_declared_goes_before_what_was_learned(database: AsyncEngine) -> None:
    await hear(database, "heat/a", NOW, every_s=100)
    await hear(database, "heat/new", NOW, times=1)
    async with database.begin() as connection:
        entry = {"city": "karaganda", "system": "heat", "device": "a", "interval_s": 30.0}
        await connection.execute(sa.insert(tables.source_registry), [entry, {**entry, "device": "never"}])
    assert await judged(database, NOW + timedelta(seconds=91)) == {
        "heat/a": ("silent", 30, "declared"),
        "heat/never": ("silent", 30, "declared"),
        "heat/new": ("live", 3600, "assumed"),
    }


def frozen(hours: float, count: int) -> dict[str, Run]:
    return {"supply": Run(7.5, ago(hours=hours), NOW, count, True)}


@stack
async def test_frozen_needs_time_and_messages(database: AsyncEngine) -> None:
    await hear(database, "heat/frozen", NOW, times=1, runs=frozen(6, 10))
    await hear(database, "heat/few", NOW, times=1, runs=frozen(6, 9))
    await hear(database, "heat/short", NOW, times=1, runs=frozen(5.9, 100))
    states = await judged(database)
    assert {name: state for name, (state, *_) in states.items()} == {
        "heat/frozen": "frozen",
        "heat/few": "live",
        "heat/short": "live",
    }


@stack
async def test_drift_is_judged_on_both_sides_and_silence_goes_before_all(database: AsyncEngine) -> None:
    for name, seconds in (("ahead", 31), ("little", 30), ("behind", -301), ("slow", -300)):
        await hear(database, f"heat/{name}", NOW, times=5, drift_ms=1000 * seconds)
    await hear(database, "heat/gone", ago(days=2), times=8, drift_ms=99_000, runs=frozen(40, 99))
    states = await judged(database)
    assert {name.removeprefix("heat/"): state for name, (state, *_) in states.items()} == {
        "ahead": "drifting",
        "little": "live",
        "behind": "drifting",
        "slow": "live",
        "gone": "silent",
    }


@stack
async def test_a_system_may_have_limits_of_its_own(database: AsyncEngine) -> None:
    own = LIMITS.defaults.model_copy(update={"ahead_s": 5.0})
    await hear(database, "heat/a", NOW, drift_ms=6000)
    await hear(database, "water/a", NOW, drift_ms=6000)
    states = await judged(database, limits=SourceLimits(defaults=LIMITS.defaults, systems={"water": own}))
    assert (states["heat/a"][0], states["water/a"][0]) == ("live", "drifting")


def test_what_a_system_leaves_out_is_the_default() -> None:
    defaults = LIMITS.defaults.model_dump()
    found = SourceLimits.model_validate({"defaults": defaults, "systems": {"heat": {"ahead_s": 5}}})
    assert found.systems["heat"] == Limits(**{**defaults, "ahead_s": 5})
    with pytest.raises(ValidationError, match=r"systems\.heat\.ahed_s"):
        SourceLimits.model_validate({"defaults": defaults, "systems": {"heat": {"ahed_s": 5}}})
    with pytest.raises(ValidationError, match="defaults"):
        SourceLimits.model_validate({"systems": {"heat": {}}})


@stack
async def test_pages_hold_every_source_once(api: Api, database: AsyncEngine) -> None:
    now = datetime.now(UTC)
    names = [f"{system}/{number}" for system in ("noise", "soil") for number in range(7)]
    for name in names:
        await hear(database, name, now - timedelta(days=name.endswith("3")), times=1, every_s=9)
    found, after = [], ""
    while True:
        answer = (await api.client.get(f"/api/v1/cities/karaganda/sources?limit=4{after}")).json()
        found += [f"{source['system']}/{source['device']}" for source in answer["sources"]]
        if answer["next"] is None:
            break
        after = f"&after={answer['next']}"
    assert found == names
    silent = await api.client.get("/api/v1/cities/karaganda/sources?state=silent&state=frozen&system=soil&lang=kk")
    assert [(s["device"], s["state"], s["state_name"]) for s in silent.json()["sources"]] == [("3", "silent", "Үнсіз")]
    assert silent.json()["next"] is None
    assert (await api.client.get("/api/v1/cities/almaty/sources")).json() == {"sources": [], "next": None}


@stack
async def test_wrong_questions_are_told_in_the_readers_language(api: Api) -> None:
    place = await api.client.get("/api/v1/cities/karaganda/sources?after=heat&lang=ru")
    assert (place.status_code, place.json()["type"]) == (422, "urn:ahual:problem:source_cursor")
    assert "heat" in place.json()["detail"]
    state = await api.client.get("/api/v1/cities/karaganda/sources?state=dead&lang=kk")
    assert (state.status_code, state.headers["content-type"]) == (422, "application/problem+json")
    city = await api.client.get("/api/v1/cities/atlantis/sources/summary")
    assert (city.status_code, city.json()["type"]) == (404, "urn:ahual:problem:unknown_city")


@stack
async def test_the_summary_counts_by_system(api: Api, database: AsyncEngine) -> None:
    now = datetime.now(UTC)
    await hear(database, "noise/a", now, sequences=[[(1, 5), (7, 9)]], times=1)
    await hear(database, "noise/b", now - timedelta(days=1), times=1)
    await hear(database, "soil/a", now, drift_ms=400_000, sequences=[[(1, 2), (4, 5)]], times=1)
    answer = (await api.client.get("/api/v1/cities/karaganda/sources/summary?lang=en")).json()
    assert answer["states"] == {"live": 1, "silent": 1, "frozen": 0, "drifting": 1}
    assert answer["state_names"]["drifting"] == "Clock off"
    assert answer["missing"] == 4
    assert [(one["system"], one["states"]["silent"], one["missing"]) for one in answer["systems"]] == [
        ("noise", 1, 2),
        ("soil", 0, 2),
    ]


async def account(engine: AsyncEngine, topic_id: str, **counts: int) -> None:
    row = {"cluster": "c", "topic_id": topic_id, "topic": "events", "partition": 0, "first_offset": 100}
    async with engine.begin() as connection:
        await connection.execute(sa.insert(tables.consumer_offset).values(row | counts))


@stack
async def test_reconciliation_is_the_databases_with_the_suspected_loss(api: Api, database: AsyncEngine) -> None:
    await account(database, "t1", next_offset=110, stored=6, duplicate=2, rejected=1, skipped=1)
    await hear(database, "heat/a", datetime.now(UTC), sequences=[[(1, 5), (8, 9)]], times=1)
    answer = (await api.client.get("/api/v1/reconciliation")).json()
    assert answer["totals"] == {
        "passed": 10,
        "stored": 6,
        "duplicate": 2,
        "rejected": 1,
        "skipped": 1,
        "difference": 0,
    }
    assert (answer["exact"], answer["suspected_loss"]) == (False, 3)


@stack
async def test_prometheus_is_told_without_device_names(api: Api, database: AsyncEngine) -> None:
    await account(database, "t1", next_offset=110, stored=11)
    await account(database, "t2", next_offset=110, stored=9)
    await hear(database, "heat/boiler-house-7", datetime.now(UTC), sequences=[[(1, 2), (3, 4)]], times=1)
    told = (await api.client.get("/metrics")).text
    assert 'ahual_sources{city="karaganda",state="live",system="heat"} 1.0' in told
    assert 'ahual_sources{city="karaganda",state="silent",system="heat"} 0.0' in told
    assert 'ahual_sources_missing_messages{city="karaganda",system="heat"} 1.0' in told
    assert 'ahual_reconciliation_records{outcome="passed",partition="events/0"} 20.0' in told
    assert 'ahual_reconciliation_records{outcome="difference",partition="events/0"} 2.0' in told, "+1 and -1 are no 0"
    assert "boiler-house" not in told


@stack
async def test_old_figures_are_not_told_while_the_database_is_away(database: AsyncEngine) -> None:
    metrics, now = Metrics(), NOW
    await account(database, "t1", next_offset=110, stored=10)
    taking = StockTaking(database, SourceReader(database, LIMITS, lambda: now), lambda: now, metrics)
    sample = ("ahual_reconciliation_records", {"partition": "events/0", "outcome": "difference"})
    await taking.take()
    assert metrics.registry.get_sample_value(*sample) == 0
    async with database.begin() as connection:
        await connection.execute(sa.update(tables.consumer_offset).values(stored=7))
    now += timedelta(seconds=9)
    await taking.take()
    assert metrics.registry.get_sample_value(*sample) == 0, "asked again too soon"
    now += timedelta(seconds=1)
    await taking.take()
    assert metrics.registry.get_sample_value(*sample) == 3
    async with database.begin() as connection:
        await connection.execute(sa.text("ALTER VIEW v_reconciliation RENAME TO v_away"))
    try:
        now += timedelta(seconds=10)
        await taking.take()
        assert metrics.registry.get_sample_value(*sample) is None
    finally:
        async with database.begin() as connection:
            await connection.execute(sa.text("ALTER VIEW v_away RENAME TO v_reconciliation"))


@stack
async def test_the_same_question_is_asked_once_in_a_while(database: AsyncEngine) -> None:
    now = NOW
    reader = SourceReader(database, LIMITS, lambda: now)
    await hear(database, "heat/a", NOW, times=1)
    assert [row["sources"] for row in await reader.counts()] == [1]
    await hear(database, "heat/b", NOW, times=1)
    for number in range(MOST - 1):
        await reader.page("karaganda", system=str(number), states=(), after=("", ""), limit=1)
    assert [row["sources"] for row in await reader.counts()] == [1]
    now += AGE
    assert [row["sources"] for row in await reader.counts()] == [2]
    await hear(database, "heat/c", NOW, times=1)
    for number in range(MOST):
        await reader.page("karaganda", system=str(number), states=(), after=("", ""), limit=1)
    assert [row["sources"] for row in await reader.counts()] == [3], "not more is kept"
