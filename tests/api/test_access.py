"""What is public is listed, the rest is closed; and no city shows what is another's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.tables import city, dead_letter
from services.api.access import PUBLIC
from services.api.app import create_app
from services.api.settings import ApiSettings
from services.scorer.recomputing import Recomputer
from tests.api.conftest import Api, running

NOWHERE = SecretStr("postgresql+asyncpg://nobody@127.0.0.1:1/none")
CLOSED = {
    "/metrics": "/metrics",
    "/api/v1/audit": "/api/v1/audit",
    "/api/v1/layers/{layer}": "/api/v1/layers/air?city=almaty",
    "/api/v1/layers/{layer}/objects/{object:path}": "/api/v1/layers/air/objects/none?city=almaty",
    "/api/v1/layers/districts/kpis": "/api/v1/layers/districts/kpis?city=almaty",
    "/api/v1/base-map": "/api/v1/base-map",
    "/api/v1/schemes/{network}": "/api/v1/schemes/heat?city=almaty",
    "/api/v1/cities/{city}/sources": "/api/v1/cities/almaty/sources",
    "/api/v1/cities/{city}/sources/summary": "/api/v1/cities/almaty/sources/summary",
    "/api/v1/cities/{city}/dead-letters": "/api/v1/cities/almaty/dead-letters",
    "/api/v1/cities/{city}/dead-letters/summary": "/api/v1/cities/almaty/dead-letters/summary",
    "/api/v1/cities/{city}/notices": "/api/v1/cities/almaty/notices",
    "/api/v1/cities/{city}/devices": "/api/v1/cities/almaty/devices",
    "/api/v1/exports": "/api/v1/exports",
    "/api/v1/exports/{city}/{period}/{name}/{revision}/{file}": "/api/v1/exports/almaty/day/2026-03-01/1/manifest.json",
    "/api/v1/facts": "/api/v1/facts",
    "/api/v1/facts/{city}/{period}/{name}/{revision}/{file}": "/api/v1/facts/almaty/day/2026-03-01/1/manifest.json",
}
"""Routes that are not public, and a path of each."""
NOT_THERE = ("manifest.json", "/objects/none?city=almaty", "/schemes/heat?city=almaty")
"""How the paths end of which there is nothing to show."""


def routes() -> set[str]:
    app = create_app(ApiSettings(database_url=NOWHERE), Recomputer)
    included = [getattr(route, "original_router", None) for route in app.routes]
    return {route.path for router in included if router for route in router.routes}


def test_every_public_route_exists() -> None:
    assert routes() >= PUBLIC


def test_these_are_closed() -> None:
    """Every route that is not listed as public, so that the tests below try it."""
    assert CLOSED.keys() == routes() - PUBLIC


async def test_a_closed_route_wants_the_operators_token(database: AsyncEngine, database_url: SecretStr) -> None:
    async with running(database_url, operator_token=SecretStr("open-sesame")) as api:
        for path in CLOSED.values():
            for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic open-sesame"}):
                answer = await api.client.get(path, headers=headers)
                assert answer.status_code == 403, path
                assert answer.json()["type"] == "urn:ahual:problem:operators_only"
            opened = await api.client.get(path, headers={"Authorization": "Bearer open-sesame"})
            assert opened.status_code == (404 if path.endswith(NOT_THERE) else 200), path
        assert (await api.client.get("/api/v1/cities")).status_code == 200


async def test_the_exporters_token_opens_deliveries_only(database: AsyncEngine, database_url: SecretStr) -> None:
    operators, exporters = SecretStr("open-sesame"), SecretStr("take-it")
    async with running(database_url, operator_token=operators, exporter_token=exporters) as api:
        bearer = {"Authorization": "Bearer take-it"}
        for path in CLOSED.values():
            wanted = 403 if "/exports" not in path else 404 if path.endswith(NOT_THERE) else 200
            assert (await api.client.get(path, headers=bearer)).status_code == wanted, path


async def test_without_a_token_closed_means_closed(database: AsyncEngine, database_url: SecretStr) -> None:
    """Outside the demo an empty token opens nothing, an empty bearer neither."""
    settings = ApiSettings(database_url=database_url).model_copy(update={"allow_plaintext": False})
    app = create_app(settings, Recomputer)
    async with app.router.lifespan_context(app) as state:
        transport = httpx2.ASGITransport(app=_with_state(app, state))
        async with httpx2.AsyncClient(transport=transport, base_url="http://api") as client:
            for path in CLOSED.values():
                for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer"}):
                    assert (await client.get(path, headers=headers)).status_code == 403
            assert (await client.get("/api/v1/cities")).status_code == 200


def _with_state(app: Any, state: Any) -> Any:
    async def with_state(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "state": dict(state)}, receive, send)

    return with_state


async def test_a_city_shows_only_its_own_dead_letters(api: Api, database: AsyncEngine) -> None:
    async with database.begin() as connection:
        cities = [row.code for row in await connection.execute(sa.select(city.c.code))]
        for number, code in enumerate(cities):
            await connection.execute(sa.insert(dead_letter).values(letter(number, code)))
    assert len(cities) == 2
    for code in cities:
        letters = (await api.client.get(f"/api/v1/cities/{code}/dead-letters")).json()
        assert [shown["topic"] for shown in letters] == [f"ahual/v1/{code}/s/d/events"]


@pytest.mark.parametrize("code", ["almaty' OR '1'='1", "almaty%2Fkaraganda", "*", "almaty,karaganda", "ALMATY"])
@pytest.mark.parametrize("path", ["cityscore", "dead-letters", "kpis", "kpis/2.1", "kpis/2.1/series", "explain"])
async def test_no_spelling_of_a_city_reaches_another(api: Api, code: str, path: str) -> None:
    assert (await api.client.get(f"/api/v1/cities/{code}/{path}")).status_code == 404


def letter(number: int, code: str) -> dict[str, Any]:
    """A rejected message of a city."""
    return {
        "origin": f"t/0/{number}",
        "rejected_at": datetime(2026, 3, 1, tzinfo=UTC),
        "reason": "invalid_field",
        "detail": "",
        "topic": f"ahual/v1/{code}/s/d/events",
        "city": code,
        "system": "s",
        "device": "d",
        "size": 1,
        "sha256": "",
        "payload": b"x",
        "truncated": False,
    }
