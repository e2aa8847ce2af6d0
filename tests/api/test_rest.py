"""What the REST endpoints answer, on the real database."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from schemas.asyncapi import message_name
from schemas.device import Device, read_channels
from schemas.events.registry import EVENT_TYPES
from schemas.quantities import QUANTITIES
from schemas.snapshot import Snapshot
from services.ingest import register
from tests.api.conftest import Api
from tests.api.samples import CITY, snapshot, store

pytestmark = pytest.mark.stack
BASE = f"/api/v1/cities/{CITY}"


async def test_cities_with_and_without_a_score(api: Api, database: AsyncEngine) -> None:
    await store(database, snapshot(3))
    found = (await api.client.get("/api/v1/cities")).json()
    assert [(city["code"], city["revision"]) for city in found] == [("almaty", None), ("karaganda", 3)]
    assert found[1]["name"] == {"kk": "Қарағанды", "ru": "Караганда", "en": "Karaganda"}
    assert (await api.client.get("/api/v1/cities?lang=kk")).json()[1]["name"] == "Қарағанды"


async def test_cityscore_is_what_was_stored(api: Api, database: AsyncEngine) -> None:
    stored = snapshot(7)
    await store(database, stored)
    answer = await api.client.get(f"{BASE}/cityscore")
    assert Snapshot.model_validate_json(answer.content) == stored
    assert answer.json()["label"] == "operational_estimate"
    assert answer.headers["etag"] == '"7"'


async def test_cityscore_follows_every_store_and_a_database_made_anew(api: Api, database: AsyncEngine) -> None:
    later = snapshot(1).computed_at + timedelta(seconds=1)
    for stored in (snapshot(1), snapshot(2, k2_1=33.0), snapshot(2, k2_1=44.0, now=later), snapshot(1)):
        await store(database, stored)
        for _ in range(2):
            answer = await api.client.get(f"{BASE}/cityscore")
            assert Snapshot.model_validate_json(answer.content) == stored


@pytest.mark.parametrize(("known", "status"), [('"7"', 304), ('W/"7"', 304), ('"6", "7"', 304), ('"6"', 200)])
async def test_cityscore_is_not_sent_to_who_has_it(api: Api, database: AsyncEngine, known: str, status: int) -> None:
    await store(database, snapshot(7))
    answer = await api.client.get(f"{BASE}/cityscore", headers={"If-None-Match": known})
    assert answer.status_code == status
    assert bool(answer.content) is (status == 200)


async def test_the_asyncapi_document_has_every_event_type_and_is_sent_once(api: Api) -> None:
    answer = await api.client.get("/api/v1/asyncapi.json")
    assert answer.headers["content-type"] == "application/vnd.aai.asyncapi+json;version=3.0.0"
    told = answer.json()
    assert told["asyncapi"] == "3.0.0"
    assert told["channels"]["mqtt-events"]["messages"].keys() == {message_name(name) for name in EVENT_TYPES}
    again = await api.client.get("/api/v1/asyncapi.json", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_kpis_join_catalogue_and_state(api: Api, database: AsyncEngine) -> None:
    await store(database, snapshot(1))
    rows = {row["code"]: row for row in (await api.client.get(f"{BASE}/kpis")).json()}
    waiting = rows["2.1"]
    assert waiting["state"]["value"] == 14.2
    assert waiting["target"]["value"] == 20  # regional, annex 4
    assert set(waiting["name"]) == {"kk", "ru", "en"}
    assert waiting["citation"] == {"annex": 4, "table": 2, "row": 1}
    spoken = (await api.client.get(f"{BASE}/kpis/2.1?lang=ru")).json()
    assert spoken["name"] == waiting["name"]["ru"]
    assert spoken["unit_name"] == "сек"


async def test_kpis_of_a_city_without_score_have_no_state(api: Api) -> None:
    rows = (await api.client.get("/api/v1/cities/almaty/kpis")).json()
    assert len(rows) >= 70
    assert all(row["state"] is None for row in rows)


async def add_part(
    database: AsyncEngine, tier: tables.Tier, kpi: str, bucket: datetime, n: int, d: int, **key: object
) -> None:
    row = {"city": CITY, "kpi": kpi, "bucket": bucket, "partition": 0, "numerator": n, "denominator": d, "count": d}
    async with database.begin() as connection:
        await connection.execute(sa.insert(tables.parts[tier]).values(row | key))


async def test_series_sums_partitions_districts_and_components(api: Api, database: AsyncEngine) -> None:
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    await add_part(database, "hour", "2.1", hour, 30_000, 2)
    await add_part(database, "hour", "2.1", hour, 10_000, 1, partition=1)
    await add_part(database, "hour", "2.1", hour, 20_000, 1, district="centre")
    await add_part(database, "hour", "2.1", hour + timedelta(hours=1), 5_000, 1)
    answer = (await api.client.get(f"{BASE}/kpis/2.1/series?resolution=hour")).json()
    assert [(p["value"], p["numerator"], p["denominator"]) for p in answer["points"]] == [
        (15, 60_000, 4),
        (5, 5_000, 1),
    ]
    assert answer["unit"] == "s"


async def test_series_from_and_to(api: Api, database: AsyncEngine) -> None:
    minute = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=1)
    for offset in range(5):
        await add_part(database, "minute", "2.1", minute + timedelta(minutes=offset), 1000 * offset, 1)
    span = {"from": (minute + timedelta(minutes=1)).isoformat(), "to": (minute + timedelta(minutes=3)).isoformat()}
    answer = await api.client.get(f"{BASE}/kpis/2.1/series", params={"resolution": "minute", **span})
    assert [point["value"] for point in answer.json()["points"]] == [1, 2]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("resolution=minute&from=2026-01-01T00:00:00Z&to=2026-01-09T00:00:00Z", "series_long"),
        ("resolution=hour&from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z", "series_gone"),
        ("resolution=day&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "series_empty"),
        ("resolution=year", "invalid_input"),
        ("from=2026-01-01T00:00:00", "invalid_input"),
        ("from=yesterday", "invalid_input"),
    ],
)
async def test_series_refuses_clearly(api: Api, query: str, code: str) -> None:
    answer = await api.client.get(f"{BASE}/kpis/2.1/series?{query}&lang=ru")
    assert (answer.status_code, answer.json()["type"]) == (422, f"urn:ahual:problem:{code}")
    for error in answer.json().get("errors", []):
        assert any("а" <= letter <= "я" for letter in error["message"]), error


async def test_explain_adds_up(api: Api, database: AsyncEngine) -> None:
    stored = snapshot(1, k2_1=60.0, k1_8=40.0)
    await store(database, stored)
    answer = (await api.client.get(f"{BASE}/explain")).json()
    assert sum(answer["sections"].values()) == pytest.approx(stored.index)
    assert sum(kpi["points"] for kpi in answer["kpis"]) == pytest.approx(stored.index)
    gains = [kpi["gain"] for kpi in answer["kpis"]]
    assert gains == sorted(gains, reverse=True)
    band = answer["next_band"]
    assert band["gap"] == pytest.approx(band["floor"] - stored.total)
    assert {kpi["code"] for kpi in band["kpis"]} <= set(stored.kpis)


async def test_dead_letters_newest_first_without_payload(api: Api, database: AsyncEngine) -> None:
    now = datetime.now(UTC)
    rows = [
        {
            "origin": f"t/0/{n}",
            "rejected_at": now,
            "reason": "malformed_json",
            "detail": f"number {n}",
            "topic": "x",
            "city": CITY,
            "system": "contact-centre",
            "device": "line-1",
            "size": 9,
            "sha256": "0",
            "payload": b"secret",
            "truncated": False,
        }
        for n in range(105)
    ]
    async with database.begin() as connection:
        await connection.execute(sa.insert(tables.dead_letter), rows)
    answer = await api.client.get(f"{BASE}/dead-letters")
    assert [row["detail"] for row in answer.json()] == [f"number {n}" for n in range(104, 4, -1)]
    assert "payload" not in answer.text
    assert (await api.client.get("/api/v1/cities/almaty/dead-letters")).json() == []
    [of_line] = (await api.client.get(f"{BASE}/dead-letters/summary?hours=240")).json()
    assert (of_line["system"], of_line["device"], of_line["reason"], of_line["count"]) == (
        *("contact-centre", "line-1", rows[0]["reason"]),
        105,
    )
    assert (await api.client.get("/api/v1/cities/almaty/dead-letters/summary")).json() == []


async def test_reconciliation_shows_a_difference(api: Api, database: AsyncEngine) -> None:
    common = {"cluster": "c", "topic_id": "t", "topic": "ahual.events.v1", "first_offset": 10}
    exact = common | {"partition": 0, "next_offset": 20, "stored": 7, "duplicate": 2, "rejected": 1}
    async with database.begin() as connection:
        await connection.execute(sa.insert(tables.consumer_offset).values(exact))
    answer = (await api.client.get("/api/v1/reconciliation")).json()
    assert (answer["exact"], answer["totals"]["passed"], answer["totals"]["difference"]) == (True, 10, 0)
    lost = common | {"partition": 1, "next_offset": 15, "stored": 3, "skipped": 1}
    async with database.begin() as connection:
        await connection.execute(sa.insert(tables.consumer_offset).values(lost))
    answer = (await api.client.get("/api/v1/reconciliation")).json()
    assert (answer["exact"], answer["totals"]["skipped"], answer["totals"]["difference"]) == (False, 1, 1)
    assert [p["difference"] for p in answer["partitions"]] == [0, 1]


async def test_catalogue(api: Api) -> None:
    whole = await api.client.get("/api/v1/catalogue")
    assert whole.headers["etag"] == f'"{whole.json()["hash"]}"'
    again = await api.client.get("/api/v1/catalogue", headers={"If-None-Match": whole.headers["etag"]})
    assert again.status_code == 304
    spoken = await api.client.get("/api/v1/catalogue?lang=en")
    assert isinstance(spoken.json()["initiatives"][0]["name"], str)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/cities/atlantis/cityscore", 404, "unknown_city"),
        ("GET", "/api/v1/cities/atlantis/kpis", 404, "unknown_city"),
        ("GET", "/api/v1/cities/atlantis/events", 404, "unknown_city"),
        ("GET", "/api/v1/cities/almaty/cityscore", 404, "no_score"),
        ("GET", f"{BASE}/kpis/99.9", 404, "unknown_kpi"),
        ("GET", f"{BASE}/kpis/99.9/series", 404, "unknown_kpi"),
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/static/nothing.js", 404, "not_found"),
        ("POST", "/api/v1/cities", 405, "method_not_allowed"),
        ("GET", f"{BASE}/kpis?lang=de", 422, "invalid_input"),
    ],
)
async def test_failures_are_problem_details(api: Api, method: str, path: str, status: int, code: str) -> None:
    answer = await api.client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["type"], body["status"]) == (f"urn:ahual:problem:{code}", status)
    assert body["instance"] == path.partition("?")[0]


@pytest.mark.parametrize(
    ("headers", "query", "title"),
    [
        ({}, "", "Unknown city"),
        ({"Accept-Language": "kk-KZ,kk;q=0.9,ru;q=0.8"}, "", "Белгісіз қала"),
        ({"Accept-Language": "de, ru;q=0.7, en;q=0.3"}, "", "Неизвестный город"),
        ({"Accept-Language": "ru"}, "?lang=kk", "Белгісіз қала"),
        ({"Accept-Language": "ru;q=nonsense"}, "", "Unknown city"),
    ],
)
async def test_failures_speak_the_readers_language(api: Api, headers: dict[str, str], query: str, title: str) -> None:
    answer = await api.client.get(f"/api/v1/cities/atlantis/explain{query}", headers=headers)
    assert answer.json()["title"] == title


async def test_health_and_metrics(api: Api) -> None:
    ready = await api.client.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]) == (200, {"database": "ok", "migrations": "ok"})
    await api.client.get(f"{BASE}/kpis/2.1")
    await api.client.get("/nowhere")
    counted = (await api.client.get("/metrics")).text
    assert 'ahual_api_requests_total{route="/api/v1/cities/{city}/kpis/{code}",status="200"} 1.0' in counted
    assert 'ahual_api_requests_total{route="/{name}",status="404"} 1.0' in counted
    assert 'ahual_api_request_seconds_count{route="/api/v1/cities/{city}/kpis/{code}"} 1.0' in counted


async def test_not_ready_with_another_migration(api: Api, database: AsyncEngine) -> None:
    async with database.begin() as connection:
        known = (await connection.execute(sa.text("SELECT version_num FROM alembic_version"))).scalar_one()
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = 'older'"))
    try:
        answer = await api.client.get("/readyz")
        assert (answer.status_code, answer.json()["checks"]["migrations"]) == (503, "failed")
    finally:
        async with database.begin() as connection:
            await connection.execute(sa.text("UPDATE alembic_version SET version_num = :known"), {"known": known})


async def test_every_answer_has_the_security_headers(api: Api) -> None:
    for path in ("/", "/static/page.js", "/api/v1/cities", "/nowhere"):
        headers = (await api.client.get(path, headers={"Origin": "https://elsewhere.example"})).headers
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers


async def test_openapi_has_an_example_for_every_answer(api: Api) -> None:
    document = (await api.client.get("/api/v1/openapi.json")).json()
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        content = operations["get"]["responses"].get("200", {}).get("content", {})
        for kind, described in content.items():
            shape = described.get("schema", {})
            name = (shape.get("items") or shape).get("$ref", "").rpartition("/")[2]
            example = described.get("example") or described.get("examples") or schemas.get(name, {}).get("example")
            assert example or "event-stream" in kind or path in {"/healthz", "/readyz"}, (path, kind)
    assert json.dumps(document)


async def test_devices_are_told_page_by_page_with_what_their_channels_mean(api: Api, database: AsyncEngine) -> None:
    channels = read_channels("V=water_volume[l]; lid=door_open>open; *=-")
    kept = {"latitude": 49.8, "longitude": 73.1, "attached_kind": "building", "attached_to": "b-7", "interval_s": 900.0}
    meters = [Device(city="karaganda", system="water", device=f"meter-{n}", channels=channels, **kept) for n in (1, 2)]
    await register.put(database, [*meters, Device(city="karaganda", system="heat", device="meter-1")], "tests")
    first = (await api.client.get(f"{BASE}/devices?limit=2&lang=kk")).json()
    assert [(one["system"], one["device"]) for one in first["devices"]] == [("heat", "meter-1"), ("water", "meter-1")]
    meter = first["devices"][1]
    assert {name: meter[name] for name in kept} == kept
    assert meter["channels"] == [
        {"channel": "V", "quantity": "water_volume", "quantity_name": QUANTITIES["water_volume"].name.kk, "unit": "m3"},
        {"channel": "open", "quantity": "door_open", "quantity_name": "Есік ашық", "unit": None},
    ]
    rest = (await api.client.get(f"{BASE}/devices?after={first['next']}")).json()
    assert ([one["device"] for one in rest["devices"]], rest["next"]) == (["meter-2"], None)
    assert len((await api.client.get(f"{BASE}/devices?system=water")).json()["devices"]) == 2
    assert (await api.client.get(f"{BASE}/devices?after=nonsense")).status_code == 422
    assert (await api.client.get("/api/v1/cities/atlantis/devices")).status_code == 404
