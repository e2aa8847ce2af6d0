"""The application: routes, failures, and the resources that live as long as it does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial
from importlib.metadata import version
from typing import Any, Final, TypedDict

import httpx2
from fastapi import Depends, FastAPI
from starlette.middleware.gzip import GZipMiddleware

from schemas.catalogue import Catalogue
from schemas.sources import load_source_limits
from services.api import (
    asyncapi,
    audit,
    base_map,
    catalogue,
    cities,
    cityscore,
    dead_letters,
    devices,
    districts,
    errors,
    explain,
    exports,
    health,
    kpis,
    layers,
    live,
    notices,
    openapi,
    page,
    public,
    reconciliation,
    schemes,
    series,
    session,
    shown,
    sign_on,
    sources,
    trend,
    waterfall,
    windows,
    yearly,
)
from services.api.access import guard
from services.api.attempts import Attempts
from services.api.courses import Courses
from services.api.dashboard import Dashboard
from services.api.errors import Problem
from services.api.hub import Hub
from services.api.layer_reader import LayerReader
from services.api.middleware import Conditional, RequestMetrics, SecurityHeaders
from services.api.oidc import TIMEOUT_S, Provider
from services.api.passwords import Passwords
from services.api.recomputing import MakeRecomputing, Recomputing
from services.api.settings import ApiSettings
from services.api.snapshots import SnapshotReader
from services.api.source_reader import SourceReader
from services.api.state import State
from services.api.stock_taking import StockTaking
from services.api.tiles import origin
from services.cityscore.catalogue import load_catalogue
from services.cityscore.reloading import changed
from services.runtime.clock import Clock, utc_now
from services.runtime.database import open_database
from services.runtime.metrics import Metrics

DESCRIPTION = """Live KPIs of a city situational centre and CityScore-Kazakhstan (order No. 469/НҚ), read-only.

Figures are operational estimates. Failures are RFC 9457 problem details in the language of `?lang=` or
`Accept-Language` (kk, ru, en). Times are ISO 8601 with zone. The WebSocket
`/api/v1/cities/{city}/live?after=revision` carries the messages of `/events` as JSON objects."""


_NOUNS: Final = (
    cities,
    cityscore,
    yearly,
    public,
    kpis,
    series,
    windows,
    explain,
    trend,
    waterfall,
    live,
    catalogue,
    asyncapi,
    dead_letters,
    devices,
    notices,
    sources,
    reconciliation,
    exports,
    districts,
    layers,
    base_map,
    schemes,
    shown,
    health,
    session,
    sign_on,
    audit,
    page,  # last: it takes any name at the root that nobody else has
)


class Lifespan(TypedDict):
    """What requests find in `request.state`."""

    api: State


def create_app(
    settings: ApiSettings,
    recomputer: MakeRecomputing,
    *,
    stopping: asyncio.Event | None = None,
    clock: Clock = utc_now,
    migration_head: str | None = None,
) -> FastAPI:
    """The API. `recomputer` reads today's state for it, `stopping` ends live streams; `migration_head` is what
    `/readyz` wants, None takes any."""
    metrics = Metrics()
    for kind in ("websocket", "sse"):
        metrics.gauge("ahual_api_streams").labels(kind)
    app = FastAPI(
        title="Ahual",
        version=version("ahual"),
        description=DESCRIPTION,
        lifespan=_lifespan(settings, recomputer, stopping, clock, migration_head, metrics),
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        dependencies=[Depends(guard)],
        redoc_url=None,
        responses={"default": {"model": Problem, "description": "RFC 9457 problem details"}},
    )
    for noun in _NOUNS:
        app.include_router(noun.router)
    app.mount("/static", page.static_files, name="static")
    errors.register(app)
    openapi.describe(app)
    app.add_middleware(Conditional)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=4)
    app.add_middleware(RequestMetrics, metrics=metrics)
    app.add_middleware(SecurityHeaders, tiles=origin(settings.map_tiles))
    return app


def _lifespan(
    settings: ApiSettings,
    recomputer: MakeRecomputing,
    stopping: asyncio.Event | None,
    clock: Clock,
    migration_head: str | None,
    metrics: Metrics,
) -> Callable[[FastAPI], AbstractAsyncContextManager[Lifespan]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[Lifespan]:
        engine = open_database(settings.database_url, pool_size=settings.api_pool_size, application="ahual-api")
        reading = engine.execution_options(isolation_level="AUTOCOMMIT")
        client = httpx2.AsyncClient(timeout=TIMEOUT_S, trust_env=False)
        hub = Hub(reading, settings, clock)
        known = load_catalogue(own=settings.catalogue_folder)
        stop = stopping or asyncio.Event()
        judged = SourceReader(reading, load_source_limits(), clock)
        state = State(
            settings=settings,
            engine=reading,
            snapshots=SnapshotReader(reading),
            hub=hub,
            recomputing=recomputer(engine, known),
            metrics=metrics,
            sources=judged,
            stock=StockTaking(reading, judged, clock, metrics),
            catalogue=known,
            clock=clock,
            stopping=stop,
            migration_head=migration_head,
            layers=LayerReader(reading),
            attempts=Attempts(),
            passwords=Passwords(),
            oidc=_provider(settings, client),
            dashboard=Dashboard(settings.dashboard_folder),
            courses=Courses(),
        )
        tasks = [
            asyncio.create_task(hub.run()),
            asyncio.create_task(_ring_at_end(stop, hub)),
            asyncio.create_task(_follow(state, partial(recomputer, engine))),
        ]
        try:
            yield {"api": state}
        finally:
            await _ended(tasks)
            await client.aclose()
            await engine.dispose()

    return lifespan


def _provider(settings: ApiSettings, client: httpx2.AsyncClient) -> Provider | None:
    if not settings.oidc_issuer:
        return None
    named = (settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret, settings.oidc_name_claim)
    return Provider(*named, client)


async def _follow(state: State, recomputing: Callable[[Catalogue], Recomputing]) -> None:
    """Take changed KPIs of the cities' own over."""
    async for known in changed(state.catalogue, state.settings.catalogue_folder):
        state.catalogue, state.recomputing = known, recomputing(known)


async def _ring_at_end(stop: asyncio.Event, hub: Hub) -> None:
    await stop.wait()
    hub.ring()


async def _ended(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
