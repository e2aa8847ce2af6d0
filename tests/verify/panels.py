"""Every query of the dashboards and alert rules, sent to the real database as Grafana would."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncConnection

from deploy.grafana.alerts import ALERTS
from deploy.grafana.board import QUERIES
from deploy.grafana.boards import BOARDS
from services.cityscore.catalogue import load_catalogue
from services.ingest import register
from services.runtime.database import open_database
from services.runtime.metrics import Metrics
from services.scorer.cities import load_cities
from services.scorer.closing import Closer
from services.scorer.score_writer import ScoreWriter
from simulators import telemetry
from simulators.cities import City
from tests.deploy.grafana import Variables, expanded
from tests.installation import Installation
from tests.verify.scraping import Watcher
from tests.verify.trial import Report

SPANS = {"now-6h": timedelta(hours=6), "now-24h": timedelta(days=1), "now-7d": timedelta(days=7)}
AHEAD = timedelta(minutes=2)
POINTS = 700
"""About as many as a panel is pixels wide: Grafana's interval is the time range over them."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a simulated city left behind."""

    installation: Installation
    city: City
    report: Report
    watcher: Watcher | None
    """A real Prometheus, where there is one."""


@dataclass(frozen=True, slots=True)
class Row:
    """One query: how many rows it gave, in how many ms."""

    name: str
    rows: int
    ms: float


async def complete(told: Told) -> None:
    """Register the city's devices; close its periods and keep its score of a minute now instead of in some minutes."""
    engine = open_database(told.installation.database_url, pool_size=4, application="verify")
    try:
        await register.put(engine, list(telemetry.devices(replace(told.city, code=told.installation.city))), "tests")
        later = datetime.now(UTC) + AHEAD
        closer = Closer(engine, load_catalogue(), lambda: later, Metrics())
        async with engine.connect() as connection:
            city = (await load_cities(connection))[told.installation.city]
        while await closer.close(city):
            pass
        for moment in (later - timedelta(minutes=1), later):
            await ScoreWriter(engine, load_catalogue(), lambda moment=moment: moment, Metrics()).score(city)  # type: ignore[misc]
    finally:
        await engine.dispose()


async def read(told: Told) -> list[Row]:
    """Every query of every variable, panel and alert."""
    return await ask_all(SecretStr(told.installation.stack.env()["AHUAL_READER_URL"]), told.installation.city)


async def ask_all(url: SecretStr, city: str) -> list[Row]:
    """The same about a city of any database, as its reader."""
    engine = open_database(url, pool_size=1, application="verify")
    try:
        async with engine.connect() as connection:
            sections = (await connection.execute(sa.text("SELECT section FROM v_section"))).scalars().all()
            variables = {"city": city, "lang": "kk", "kpi": "2.1", "section": sections}
            return [await _ask(connection, name, query) for name, query in _queries(variables)]
    finally:
        await engine.dispose()


def _queries(variables: Variables) -> list[tuple[str, str]]:
    end = datetime.now(UTC) + AHEAD
    found = []
    for board in BOARDS:
        span = SPANS[board.since]
        named = [(f"{board.key}/{name}", QUERIES[name]) for name in board.variables]
        named += [(f"{board.key}/{panel.key}", panel.sql) for panel in board.panels if panel.sql]
        found += [(name, expanded(query, end - span, end, span / POINTS, variables)) for name, query in named]
    return found + [(f"alert/{alert.key}", alert.sql) for alert in ALERTS]


async def _ask(connection: AsyncConnection, name: str, query: str) -> Row:
    began = time.perf_counter()
    rows = (await connection.exec_driver_sql(query)).all()
    return Row(name, len(rows), 1000 * (time.perf_counter() - began))


def read_metrics(told: Told, ask: Callable[[str, datetime | None, datetime, timedelta], int]) -> list[Row]:
    """Every PromQL query: over the dashboard's time range for a graph, else now."""
    end, found = datetime.now(UTC), []
    for board in BOARDS:
        span = SPANS[board.since]
        step = span / POINTS
        for panel in board.panels:
            for expression, _ in panel.promql:
                query = expanded(expression, end - span, end, step, {"city": told.installation.city})
                began = time.perf_counter()
                rows = ask(query, end - span if panel.kind == "timeseries" else None, end, step)
                found.append(Row(f"{board.key}/{panel.key}", rows, 1000 * (time.perf_counter() - began)))
    return found


def table(rows: Sequence[Row]) -> str:
    """For people."""
    return "\n".join(["", *(f"{row.name:28}{row.rows:6} rows {row.ms:8.1f} ms" for row in rows)])
