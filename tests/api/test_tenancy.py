"""No city's data reach another city's answers: whatever is put into every table for one, the other's stay the same."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from websockets.asyncio.client import connect

from schemas import tables
from schemas.device import Channel
from schemas.layers import load_layers
from services.api.app import create_app
from services.api.settings import ApiSettings
from services.cityscore.catalogue import load_catalogue
from services.export.deliveries import Maker
from services.export.schedule import Exporter
from services.runtime.metrics import Metrics
from services.scorer.closing import Closer
from services.scorer.recomputing import Recomputer
from services.scorer.score_writer import ScoreWriter
from tests.api.conftest import Api
from tests.api.samples import snapshot, store
from tests.api.test_access import NOWHERE, _with_state, letter, routes
from tests.export.stored import KEY
from tests.scorer.events import event
from tests.scorer.test_closing import HOUR, MIDNIGHT, Log
from tests.scorer.test_transaction import CITY

pytestmark = pytest.mark.stack
OURS: Final = CITY.code
THEIRS: Final = "almaty"
NOW: Final = MIDNIGHT + timedelta(hours=30, minutes=7)
MINE: Final = "ours-only"
"""The name of every device and district of ours."""
CODE: Final = "2.1"
ENDLESS: Final = ("/events", "/live")
QUERIES: Final[dict[str, tuple[str, ...]]] = {
    "/cityscore": (
        "",
        "?window=closed",
        f"?as_of={NOW - HOUR:%Y-%m-%dT%H:%M:%SZ}",
        f"?as_of={NOW - HOUR:%Y-%m-%dT%H:%M:%SZ}&known=now",
        f"?window=closed&as_of={NOW - HOUR:%Y-%m-%dT%H:%M:%SZ}&known=now",
    ),
    "/yearly": ("?year=2026",),
    "/series": ("", "?resolution=minute", "?resolution=day"),
    "/dead-letters": ("", "?limit=1"),
    "/notices": ("", "?standing=true"),
    "/devices": ("", "?system=heat", "?after=a/a"),
    "/sources": ("", "?system=contact-centre", "?after=a/a", "?state=live&state=silent"),
    "/trend": ("", "?resolution=minute"),
}
BY_QUESTION: Final[dict[str, tuple[str, ...]]] = {
    "/api/v1/layers": ("/api/v1/layers",),
    "/api/v1/layers/{layer}": tuple(f"/api/v1/layers/{code}" for code in load_layers().layers),
    "/api/v1/layers/{layer}/objects/{object:path}": (
        "/api/v1/layers/air/objects/environment/{thing}",
        "/api/v1/layers/heat-network/objects/heat_edge/{thing}",
        "/api/v1/layers/parking/objects/car_park/{thing}",
    ),
    "/api/v1/layers/districts/kpis": ("/api/v1/layers/districts/kpis",),
    "/api/v1/schemes/{network}": ("/api/v1/schemes/heat",),
    "/api/v1/exports": ("/api/v1/exports",),
    "/api/v1/facts": ("/api/v1/facts",),
    "/api/v1/audit": (),
}
"""Routes that take `?city=`. The audit trail tells that it was asked, so it never stays the same: see test_session."""
SAME: Final = {
    *("system", "kpi", "component", "period", "name", "table", "reason", "status", "freshness", "rating", "hash"),
    *("catalogue_hash", "kind", "total", "channel", "attached_kind", "what"),
}
"""Texts that are not a city's to choose."""


async def test_whatever_another_city_holds_changes_no_answer(
    database: AsyncEngine, database_url: SecretStr, tmp_path: Path
) -> None:
    await fill(database, tmp_path)
    before = await answers(database_url, tmp_path, OURS)
    assert {path: status for path, (status, _) in before.items() if status != 200} == {}
    copied = await foreign(database)
    assert {"part_minute", "bin_hour", "source_device", "dead_letter", "closed_period", "delivery"} <= copied
    assert await answers(database_url, tmp_path, OURS) == before
    theirs = await answers(database_url, tmp_path, THEIRS)
    for path, (_, body) in theirs.items():
        assert MINE not in body, path
    told = "".join(body for _, body in before.values())
    assert MINE in told
    assert "foreign-" not in told


async def answers(database_url: SecretStr, folder: Path, city: str) -> dict[str, tuple[int, str]]:
    """What every route of a city says to an operator, by path: of a process that has answered nothing yet."""
    settings = ApiSettings(database_url=database_url, export_folder=folder)
    app = create_app(settings, Recomputer, clock=lambda: NOW)
    async with app.router.lifespan_context(app) as state:
        transport = httpx2.ASGITransport(app=_with_state(app, state))
        async with httpx2.AsyncClient(transport=transport, base_url="http://api", timeout=60) as client:
            lists = [
                (await client.get(f"/api/v1/{kind}", params={"city": city})).json() for kind in ("exports", "facts")
            ]
            deliveries = [delivery for found in lists for delivery in found["deliveries"]]
            found = {}
            for path in sorted(paths(city, deliveries)):
                answer = await client.get(path)
                found[path] = (answer.status_code, answer.text)
            return found


def paths(city: str, deliveries: list[dict[str, Any]]) -> set[str]:
    """Every route that names a city, with the questions it takes; and the deliveries."""
    thing = MINE if city == OURS else "foreign-theirs"
    found = {f"{path.format(thing=thing)}?city={city}" for asked in BY_QUESTION.values() for path in asked}
    found |= {f"{delivery['folder']}/{name}" for delivery in deliveries for name in delivery["files"]}
    for route in routes():
        if route.startswith("/api/v1/cities/{city}") and not route.endswith(ENDLESS):
            asked = next((q for end, q in QUERIES.items() if route.endswith(end)), ("",))
            found |= {route.format(city=city, code=CODE) + query for query in asked}
    return found


def test_no_route_that_names_a_city_is_left_out() -> None:
    app = create_app(ApiSettings(database_url=NOWHERE), Recomputer)
    questions = {
        path
        for path, methods in app.openapi()["paths"].items()
        if any((p["name"], p["in"]) == ("city", "query") for one in methods.values() for p in one.get("parameters", ()))
    }
    assert questions == {path.replace(":path", "") for path in BY_QUESTION}
    named = {route for route in routes() if "city" in route}
    file = "{city}/{period}/{name}/{revision}/{file}"
    elsewhere = {"/api/v1/cities", f"/api/v1/exports/{file}", f"/api/v1/facts/{file}"}
    endless = {route for route in named if route.endswith(ENDLESS)}
    asked = {path.partition("?")[0] for path in paths("{city}", [])}
    assert {r.format(city="{city}", code=CODE) for r in named - elsewhere - endless} <= asked


async def fill(engine: AsyncEngine, folder: Path) -> None:
    """Our city has something to say on every route."""
    log = Log(engine, "tenancy")
    await log.enter()
    moments = [NOW - HOUR * hours for hours in (0.1, 3, 20, 40, 60)]
    calls = [call(f"call-{number}", at) for number, at in enumerate(moments)]
    await log.append(calls, NOW - 2 * HOUR)
    for at in (NOW - 2 * HOUR, NOW - timedelta(minutes=90), NOW - timedelta(minutes=1)):
        assert await ScoreWriter(engine, load_catalogue(), lambda at=at: at, Metrics()).score(CITY)  # type: ignore[misc]
    while await Closer(engine, load_catalogue(), lambda: NOW - HOUR, Metrics()).close(CITY):
        pass
    registered = {"city": OURS, "system": "heat", "label": MINE, "alias": "", "changed_at": NOW}
    channels = {"T": Channel(quantity="air_temperature").model_dump()}
    async with engine.begin() as connection:
        for device in (MINE, f"{MINE}-2"):
            row = {**registered, "device": device, "channels": channels}
            await connection.execute(sa.insert(tables.registered_device).values(row))
        interval = {"city": OURS, "system": "heat", "device": MINE, "interval_s": 60.0}
        await connection.execute(sa.insert(tables.source_registry).values(interval))
        for number in range(2):
            shown = {**letter(number, OURS), "device": MINE, "topic": f"ahual/v1/{OURS}/s/{MINE}/events"}
            await connection.execute(sa.insert(tables.dead_letter).values(shown))
        silent = {"rule": "silent", "city": OURS, "subject": MINE}
        await connection.execute(sa.insert(tables.notice_state).values(**silent, raised_at=NOW))
        facts = {"city": {"kk": OURS, "ru": OURS, "en": OURS}, "system": MINE, "all": 2, "silent": 1}
        told = {**silent, "kind": "silent", "what": "raised", "at": NOW, "due_at": NOW, "way": "duty", "attempts": 0}
        await connection.execute(sa.insert(tables.notice).values(**told, facts=facts))
    await _mapped(engine)
    made = await Exporter(engine, Maker(load_catalogue(), folder, KEY), HOUR / 60).run(NOW, OURS)
    assert made


async def _mapped(engine: AsyncEngine) -> None:
    """A sensor of the air, one on a pipe, a car park, a district; each with a value of a moment ago."""
    point = {"type": "Point", "coordinates": [73.1, 49.8]}
    kinds = {"heat_node": point, "heat_edge": {"type": "LineString", "coordinates": [[73.1, 49.8], [73.2, 49.9]]}}
    kinds |= {
        "car_park": point,
        "district": {"type": "Polygon", "coordinates": [[[73, 49], [74, 49], [74, 50], [73, 49]]]},
    }
    registered = {"city": OURS, "device": MINE, "label": MINE, "alias": "", "changed_at": NOW, "attached_to": MINE}
    dust = {"dust": Channel(quantity="pm2_5").model_dump()}
    warm = {"t": Channel(quantity="supply_temperature").model_dump()}
    seen = [
        ("device", f"environment/{MINE}", "dust"),
        ("device", f"water/{MINE}", "t"),
        ("car_park", MINE, "occupancy"),
    ]
    seen += [("district", MINE, "incidents"), ("heat_outage", MINE, MINE)]
    async with engine.begin() as connection:
        for kind, geometry in kinds.items():
            names = dict.fromkeys(("kk", "ru", "en"), MINE)
            shape = {"kind": kind, "object": MINE, "name": names, "geometry": geometry, "changed_at": NOW}
            shape["properties"] = {"from_node": MINE, "to_node": MINE} if kind == "heat_edge" else {}
            await connection.execute(sa.insert(tables.city_feature).values(city=OURS, **shape))
        for system, channels, attached in (("environment", dust, "car_park"), ("water", warm, "heat_edge")):
            row = {**registered, "system": system, "channels": channels, "attached_kind": attached}
            await connection.execute(sa.insert(tables.registered_device).values(latitude=49.8, longitude=73.1, **row))
        for kind, thing, channel in seen:
            key = {"city": OURS, "kind": kind, "object": thing, "channel": channel, "bucket": NOW - HOUR / 6}
            value = {"partition": 0, "time": NOW - HOUR / 10, "value": 1.0, "count": 1}
            await connection.execute(sa.insert(tables.observation).values(**key, **value))


def call(name: str, at: datetime) -> bytes:
    data = {"call": "c", "queue": "main", "queued_at": (at - HOUR / 180).isoformat(), "answered_at": at.isoformat()}
    source = f"/{OURS}/contact-centre/{MINE}"
    return event("call-answered", at.isoformat(), {**data, "district": MINE}, id=name, source=source)


async def foreign(engine: AsyncEngine) -> set[str]:
    """Give the other city a row for each of ours, in every table: same places and times, other names and numbers."""
    copied = set()
    async with engine.begin() as connection:
        for name, table in tables.metadata.tables.items():
            if "city" not in table.c:
                continue
            columns = [column for column in table.c if not (column.name == "id" and column.primary_key)]
            listed = ", ".join(f'"{column.name}"' for column in columns)
            values = ", ".join(map(other, columns))
            copy = sa.text(f"INSERT INTO {name} ({listed}) SELECT {values} FROM {name} WHERE city = '{OURS}'")  # noqa: S608
            if (await connection.execute(copy)).rowcount:
                copied.add(name)
    return copied


def other(column: sa.Column[Any]) -> str:
    """A column's value in the other city, as SQL."""
    quoted = f'"{column.name}"'
    if column.name == "city":
        return f"'{THEIRS}'"
    if str(column.type) == "JSONB":
        return f"replace(replace({quoted}::text, '{OURS}', '{THEIRS}'), '{MINE}', 'theirs')::jsonb"
    if column.name in SAME or column.foreign_keys:
        return quoted
    if isinstance(column.type, sa.Text):
        return f"'foreign-' || replace({quoted}, '{MINE}', 'theirs')"
    if isinstance(column.type, sa.BigInteger | sa.Float) and not column.primary_key:
        return f"{quoted} * 3 + 1"
    return quoted


async def test_a_live_stream_hears_its_own_city_only(api: Api, database: AsyncEngine) -> None:
    await store(database, snapshot(1))
    await store(database, snapshot(1, city=THEIRS, k2_1=99.0))
    async with connect(f"{api.ws}/api/v1/cities/{OURS}/live") as socket, asyncio.timeout(20):
        first = json.loads(await socket.recv())
        await store(database, snapshot(2, city=THEIRS, k2_1=98.0))
        await store(database, snapshot(3, city=THEIRS, k2_1=97.0))
        await asyncio.sleep(0.7)  # two heartbeats
        await store(database, snapshot(2, k2_1=13.0))
        heard = [first]
        while heard[-1]["type"] != "change":
            heard.append(json.loads(await socket.recv()))
    assert [message["type"] for message in heard if message["type"] != "heartbeat"] == ["snapshot", "change"]
    assert {message["revision"] for message in heard} <= {1, 2}
    assert THEIRS not in json.dumps(heard)
