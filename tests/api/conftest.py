"""The API as a process would run it: uvicorn on a free port, on the real database."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.migrations.run import head
from services.api.main import serve
from services.api.settings import ApiSettings
from services.scorer.recomputing import Recomputer
from tests.waiting import eventually

NOT_BUILT = Path(__file__).parent / "no-dashboard"
"""Whether the dashboard is built on this machine must not matter: without it there is the plain page."""


@dataclass(frozen=True)
class Api:
    """A running API."""

    url: str
    client: httpx2.AsyncClient
    stop: asyncio.Event

    @property
    def ws(self) -> str:
        return self.url.replace("http", "ws")


Running = Callable[..., AbstractAsyncContextManager[Api]]


@asynccontextmanager
async def running(
    database_url: SecretStr,
    *,
    port: int = 0,
    export_folder: Path | None = None,
    dashboard_folder: Path = NOT_BUILT,
    more: dict[str, Any] | None = None,
    **settings: Any,
) -> AsyncIterator[Api]:
    """Serve until the block ends; settings without their prefix, `heartbeat_s=0.1`; `more` have none."""
    port, stop = port or _free_port(), asyncio.Event()
    chosen: dict[str, Any] = {f"api_{name}": value for name, value in settings.items()}
    chosen |= {"export_folder": export_folder, "dashboard_folder": dashboard_folder, **(more or {})}
    made = ApiSettings(database_url=database_url, api_port=port, **chosen)
    task = asyncio.create_task(serve(made, stop, Recomputer, migration_head=head()))
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx2.AsyncClient(base_url=url, timeout=10) as client:
            await eventually(lambda: _alive(client))
            yield Api(url, client, stop)
    finally:
        stop.set()
        await task


async def _alive(client: httpx2.AsyncClient) -> bool:
    try:
        return (await client.get("/healthz")).status_code == 200
    except httpx2.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
async def api(database: AsyncEngine, database_url: SecretStr) -> AsyncIterator[Api]:
    """The API on empty tables with two cities."""
    async with running(database_url, heartbeat_s=0.3, recheck_s=0.5) as served:
        yield served
