"""Windows, closed periods and past instants over HTTP, from what the scorer really stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from schemas.snapshot import ClosedSnapshot, PastClosedSnapshot, PastSnapshot
from schemas.windows import ClosedPeriods, KpiWindows
from services.cityscore.catalogue import load_catalogue
from services.runtime.metrics import Metrics
from services.scorer.closing import Closer
from services.scorer.score_writer import ScoreWriter
from services.scorer.tiers import minute_of
from tests.api.conftest import Api
from tests.scorer.test_closing import Log, call
from tests.scorer.test_transaction import CITY

pytestmark = pytest.mark.stack
BASE = f"/api/v1/cities/{CITY.code}"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def now() -> datetime:
    return minute_of(datetime.now(UTC))


@pytest.fixture
async def log(database: AsyncEngine, request: pytest.FixtureRequest) -> Log:
    made = Log(database, request.node.name)
    await made.enter()
    return made


async def score(engine: AsyncEngine, at: datetime) -> None:
    assert await ScoreWriter(engine, load_catalogue(), lambda: at, Metrics()).score(CITY)


async def close(engine: AsyncEngine, at: datetime) -> None:
    while await Closer(engine, load_catalogue(), lambda: at, Metrics()).close(CITY):
        pass


async def get(api: Api, path: str, **query: Any) -> Any:
    answer = await api.client.get(BASE + path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_as_of_is_what_was_known_then_and_what_is_known_now(
    api: Api, database: AsyncEngine, log: Log, now: datetime
) -> None:
    then = now - 2 * HOUR
    await log.append([call(then - HOUR, 30, "early")], then - HOUR)
    await score(database, then - 30 * MINUTE)
    await score(database, then - timedelta(seconds=1))
    await log.append([call(then + MINUTE, 50, "after")], then + MINUTE)
    await score(database, then + 2 * MINUTE)
    await log.append([call(then - 10 * MINUTE, 10, "late")], then + HOUR)
    await score(database, then + HOUR)

    known_then = PastSnapshot.model_validate(await get(api, "/cityscore", as_of=then.isoformat()))
    assert (known_then.known, known_then.granule, known_then.as_of) == ("then", "minute", then)
    assert known_then.computed_at == then - timedelta(seconds=1)
    assert known_then.kpis["2.1"].value == 30.0

    known_now = PastSnapshot.model_validate(await get(api, "/cityscore", as_of=then.isoformat(), known="now"))
    assert (known_now.known, known_now.granule, known_now.revision) == ("now", "minute", 0)
    assert known_now.kpis["2.1"].value == 20.0, "with the late call, without the one after"
    assert known_now.kpis["2.1"].window == known_then.kpis["2.1"].window
    assert known_now.index != known_then.index

    current = await get(api, "/cityscore")
    assert (current["kpis"]["2.1"]["value"], "as_of" in current) == (30.0, False)
    row = await get(api, "/kpis/2.1", as_of=then.isoformat())
    assert row["state"]["value"] == 30.0
    assert (await get(api, "/kpis/2.1", as_of=then.isoformat(), known="now"))["state"]["value"] == 20.0
    assert (await get(api, "/kpis/2.1"))["state"]["value"] == 30.0


async def test_past_instants_become_coarser(api: Api, database: AsyncEngine, log: Log, now: datetime) -> None:
    half_past = now.replace(minute=30)
    for days in (300, 100, 10, 1):
        at = half_past - days * DAY
        await log.append([call(at - DAY, days % 60, f"{days}")], at)
    for days, granule in ((1, "minute"), (10, "hour"), (100, "hour"), (300, "day")):
        at = half_past - days * DAY
        answer = PastSnapshot.model_validate(await get(api, "/cityscore", as_of=at.isoformat(), known="now"))
        assert answer.granule == granule
        assert answer.kpis["2.1"].value == days % 60
        assert all(kpi.window.end <= at for kpi in answer.kpis.values())
    on_the_hour = now.replace(minute=0) - 10 * DAY
    answer = PastSnapshot.model_validate(await get(api, "/cityscore", as_of=on_the_hour.isoformat(), known="now"))
    assert answer.granule == "minute", "whole hours need no minutes: nothing is lost"


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("/cityscore", {"as_of": "2026-01-01T00:00:00Z"}, 404, "no_score_then"),
        ("/cityscore", {"as_of": "2026-01-01T00:00:00Z", "window": "closed"}, 404, "no_score_then"),
        ("/cityscore", {"as_of": "2999-01-01T00:00:00Z"}, 422, "as_of_future"),
        ("/cityscore", {"as_of": "2026-01-01T00:00:00"}, 422, "invalid_input"),
        ("/cityscore", {"known": "now"}, 422, "known_without_as_of"),
        ("/cityscore", {"window": "closed"}, 404, "no_score"),
        ("/cityscore", {"window": "open"}, 422, "invalid_input"),
        ("/kpis", {"known": "then"}, 422, "known_without_as_of"),
        ("/cityscore", {"as_of": "0001-01-01T00:00:00+05:00"}, 422, "invalid_input"),
        ("/cityscore", {"as_of": "0001-01-01T00:00:00Z", "known": "now"}, 422, "invalid_input"),
        ("/cityscore", {"as_of": "1980-01-01T00:00:00Z", "window": "closed"}, 404, "no_score_then"),
        ("/kpis/2.1/periods", {"from": "0001-01-01T00:00:00+05:00"}, 422, "invalid_input"),
        ("/kpis/2.1/periods", {"to": "9999-12-31T23:59:59-05:00"}, 422, "invalid_input"),
        ("/kpis/2.1/series", {"to": "0001-01-01T00:00:00Z", "resolution": "day"}, 422, "invalid_input"),
        ("/kpis/99.1/windows", {}, 404, "unknown_kpi"),
        ("/kpis/99.1/periods", {}, 404, "unknown_kpi"),
        ("/kpis/2.1/periods", {"limit": 0}, 422, "invalid_input"),
        ("/cityscore/yearly", {"year": 2999}, 422, "year_future"),
        ("/cityscore/yearly", {}, 422, "invalid_input"),
    ],
)
async def test_refusals(api: Api, path: str, query: dict[str, Any], status: int, code: str) -> None:
    answer = await api.client.get(BASE + path, params={**query, "lang": "kk"})
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:ahual:problem:{code}")


@pytest.mark.parametrize("path", ["/cityscore?as_of=2026-01-01T00:00:00Z&known=now", "/kpis/2.1/windows"])
async def test_unknown_cities_are_refused(api: Api, path: str) -> None:
    answer = await api.client.get("/api/v1/cities/atlantis" + path)
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:ahual:problem:unknown_city")


async def test_all_windows_of_a_kpi(api: Api, database: AsyncEngine, log: Log, now: datetime) -> None:
    calls = {
        "now": call(now, 4, "now"),
        "half an hour": call(now - 30 * MINUTE, 8, "half an hour"),
        "days": call(now - 3 * DAY, 12, "days"),
        "months": call(now - 80 * DAY, 16, "months"),
    }
    await log.append(list(calls.values()), now)
    answer = KpiWindows.model_validate(await get(api, "/kpis/2.1/windows"))
    assert (answer.code, answer.unit, answer.period) == ("2.1", "s", "day")
    trailing = {w.name: w for w in answer.windows if w.kind == "trailing"}
    assert {name: w.value for name, w in trailing.items()} == {
        "5min": 4.0,
        "1h": 6.0,
        "24h": 6.0,
        "7d": 8.0,
        "30d": 8.0,
        "91d": 10.0,
        "365d": 10.0,
    }
    assert trailing["365d"].denominator == 4
    percentiles = trailing["365d"].percentiles
    assert percentiles is not None
    assert percentiles.p50 == pytest.approx(8.0, rel=1 / 64)
    assert percentiles.p99 == pytest.approx(16.0, rel=1 / 64)
    assert {w.name: w.enters for w in answer.windows if w.enters} == {
        "24h": "live",
        next(w.name for w in answer.windows if w.kind == "closed" and w.end - w.begin == DAY): "closed",
    }
    running = {w.name: w for w in answer.windows if w.kind == "running"}
    closed = {w.name: w for w in answer.windows if w.kind == "closed"}
    assert len(running) == len(closed) == 5
    assert all(w.begin <= now < w.end for w in running.values())
    assert all(w.end <= now for w in closed.values())
    assert sum(w.coverage is not None for w in answer.windows) == 17


async def test_closed_periods_with_their_revisions(api: Api, database: AsyncEngine, log: Log) -> None:
    begin = datetime(2026, 11, 1, 12, tzinfo=UTC)
    for n in range(4):
        await log.append([call(begin + n * DAY, 10 * n, f"day {n}")], begin + n * DAY)
    await close(database, begin + 4 * DAY)
    await log.append([call(begin + DAY, 30, "late")], begin + 5 * DAY)
    await close(database, begin + 6 * DAY)
    found = ClosedPeriods.model_validate(await get(api, "/kpis/2.1/periods"))
    assert [(p.name, [r.value for r in p.revisions]) for p in found.periods] == [
        ("2026-11-01", [0.0]),
        ("2026-11-02", [10.0, 20.0]),
        ("2026-11-03", [20.0]),
        ("2026-11-04", [30.0]),
        ("2026-11-05", [None]),
        ("2026-11-06", [None]),
    ]
    second = found.periods[1].revisions[1]
    assert (second.revision, second.difference, second.computed_at) == (2, 10.0, begin + 6 * DAY)
    then = ClosedPeriods.model_validate(await get(api, "/kpis/2.1/periods", as_of=(begin + 5 * DAY).isoformat()))
    assert [(p.name, len(p.revisions)) for p in then.periods] == [(f"2026-11-0{n}", 1) for n in range(1, 5)]
    span = {"from": (begin + DAY).isoformat(), "to": (begin + 3 * DAY).isoformat()}
    assert [p["name"] for p in (await get(api, "/kpis/2.1/periods", **span))["periods"]] == ["2026-11-02", "2026-11-03"]
    assert [p["name"] for p in (await get(api, "/kpis/2.1/periods", limit=1))["periods"]] == ["2026-11-06"]


async def test_the_closed_index_now_then_and_as_known_now(api: Api, database: AsyncEngine, log: Log) -> None:
    begin = datetime(2026, 11, 1, 12, tzinfo=UTC)
    await log.append([call(begin, 40, "first")], begin)
    await close(database, begin + DAY)
    await log.append([call(begin + HOUR, 0, "late"), call(begin + DAY, 10, "second")], begin + DAY)
    await close(database, begin + DAY + HOUR)
    await close(database, begin + 2 * DAY)
    answer = await api.client.get(f"{BASE}/cityscore", params={"window": "closed"})
    newest = ClosedSnapshot.model_validate_json(answer.content)
    assert (newest.kpis["2.1"].name, newest.kpis["2.1"].value, newest.revision) == ("2026-11-02", 10.0, 3)
    again = await api.client.get(
        f"{BASE}/cityscore", params={"window": "closed"}, headers={"If-None-Match": answer.headers["etag"]}
    )
    assert again.status_code == 304
    at = (begin + DAY + 30 * MINUTE).isoformat()
    then = PastClosedSnapshot.model_validate(await get(api, "/cityscore", window="closed", as_of=at))
    known_now = PastClosedSnapshot.model_validate(await get(api, "/cityscore", window="closed", as_of=at, known="now"))
    assert (then.kpis["2.1"].name, then.kpis["2.1"].value, then.kpis["2.1"].period_revision) == ("2026-11-01", 40.0, 1)
    assert (known_now.kpis["2.1"].value, known_now.kpis["2.1"].period_revision) == (20.0, 2)


async def test_a_year_is_provisional_until_it_is_frozen(api: Api, database: AsyncEngine, log: Log) -> None:
    begin = datetime(2025, 11, 20, 12, tzinfo=UTC)
    await log.append([call(begin, 10, "a call")], begin)
    await close(database, begin + 5 * DAY)
    provisional = await get(api, "/cityscore/yearly", year=2025)
    assert (provisional["status"], provisional["official"], provisional["freezes_on"]) == (
        "provisional",
        None,
        "2026-01-31",
    )
    assert provisional["revisions"][0]["evaluation"]["score"]["index"] > 0
    await close(database, datetime(2026, 2, 1, tzinfo=UTC))
    frozen = await get(api, "/cityscore/yearly", year=2025)
    assert (frozen["status"], frozen["revisions"]) == ("frozen", [])
    assert frozen["official"]["evaluation"]["year"] == 2025
    async with database.connect() as connection:
        stored = (await connection.execute(sa.select(tables.cityscore_yearly.c.hash))).scalars().all()
    assert frozen["official"]["hash"] in stored


async def test_the_oldest_instant_can_be_asked_for(api: Api, database: AsyncEngine) -> None:
    for window in ("live", "closed"):
        past = await get(api, "/cityscore", as_of="1980-01-01T00:00:00Z", known="now", window=window)
        assert past["index"] is None


async def test_the_waterfall_leads_from_an_hour_ago_to_now(
    api: Api, database: AsyncEngine, log: Log, now: datetime
) -> None:
    await log.append([call(now - 3 * HOUR, 30, "early")], now - 3 * HOUR)
    await score(database, now - 2 * HOUR)
    await log.append([call(now - MINUTE, 5, "late")], now - MINUTE)
    await score(database, now)
    before = await get(api, "/cityscore", as_of=(now - HOUR).isoformat())
    after = await get(api, "/cityscore")
    told = await get(api, "/waterfall")
    assert (told["start_total"], told["end_total"]) == (before["total"], after["total"])
    assert told["revision"] == after["revision"]
    levels = [told["start_total"], *(step["end"] for step in told["steps"])]
    assert [step["start"] for step in told["steps"]] == levels[:-1]
    assert levels[-1] == told["end_total"] != told["start_total"]
    assert sum(told["sections"].values()) == pytest.approx(told["end_total"] - told["start_total"])
    assert {"code": "2.1", "cause": "attainment"}.items() <= next(
        s for s in told["steps"] if s["code"] == "2.1"
    ).items()
    refused = await api.client.get(f"{BASE}/waterfall", params={"from": (now - 9 * HOUR).isoformat()})
    assert refused.status_code == 404


async def test_without_a_score_an_hour_ago_the_waterfall_begins_with_a_recomputed_one(
    api: Api, database: AsyncEngine, log: Log, now: datetime
) -> None:
    await log.append([call(now - 3 * HOUR, 30, "early")], now - 3 * HOUR)
    await log.append([call(now - MINUTE, 5, "late")], now - MINUTE)
    await score(database, now)
    told = await get(api, "/waterfall")
    then = await get(api, "/cityscore", as_of=told["begin"], known="now")
    assert told["start_total"] == then["total"] != told["end_total"]


async def test_the_trend_is_what_was_stored_hour_by_hour(
    api: Api, database: AsyncEngine, log: Log, now: datetime
) -> None:
    await log.append([call(now - 3 * HOUR, 30, "early")], now - 3 * HOUR)
    await score(database, now - 2 * HOUR)
    await log.append([call(now - MINUTE, 10, "late")], now - MINUTE)
    await score(database, now)
    told = await get(api, "/trend", resolution="hour")
    found = list(zip(told["known"], told["moments"], told["kpis"]["2.1"], told["index"], strict=True))
    assert [value for known, _, value, _ in found if known == "then"] == [30.0, 20.0]
    assert told["moments"] == sorted(told["moments"])
    assert "1.4" not in told["kpis"]
    unstored = [(moment, value, index) for known, moment, value, index in found if known == "now"]
    assert unstored
    for moment, value, index in unstored:
        past = await get(api, "/cityscore", as_of=moment, known="now")
        assert (value, index) == (past["kpis"]["2.1"]["value"], past["index"])
    assert len(told["sections"]["city_management"]) == len(found)
    assert told["index"][-1] == (await get(api, "/cityscore"))["index"]
    assert (await get(api, "/trend", resolution="minute", points=2))["kpis"]["2.1"] == [30.0, 20.0]
