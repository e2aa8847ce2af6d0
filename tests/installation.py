"""A whole installation for tests that need one: servers, schema, a city of its own, and our three services."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import sqlalchemy as sa
from pydantic import SecretStr

from deploy.migrations.run import upgrade
from deploy.stack import Ports, Program, Stack, StackError
from deploy.stack.tools import wait_until
from schemas.identity import Identity
from schemas.snapshot import Snapshot
from schemas.tables import city, metadata
from services.cli.database import CitiesFile, apply_cities
from services.runtime.database import open_database

SERVICES = {"ingest": "ingest_http", "scorer": "metrics_scorer", "api": "api"}
"""Our services, and the port that tells that one runs."""
READY_S = 60.0


@dataclass(frozen=True, slots=True)
class Installation:
    """Running services, and a city that nobody else uses."""

    stack: Stack
    city: str

    @property
    def database_url(self) -> SecretStr:
        """The owner's connection."""
        return SecretStr(self.stack.env()["AHUAL_DATABASE_URL"])

    @property
    def api(self) -> str:
        """The API's address."""
        return f"{'https' if self.stack.certs else 'http'}://127.0.0.1:{self.stack.ports.api}"

    def passwords(self, devices: Iterable[Identity]) -> dict[Identity, str]:
        """Accounts for devices."""
        names = {str(device): device for device in devices}
        return {names[name]: password for name, password in self.stack.add_devices(names).items()}

    def kill(self, service: str) -> None:
        """`kill -9` as soon as it runs; the supervisor starts it again."""
        deadline = time.monotonic() + READY_S
        while (pid := self.stack.pid(service)) is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"{service} does not run")
            time.sleep(0.05)
        os.kill(pid, signal.SIGKILL)

    async def register(self, category: str = "regional") -> None:
        """Make the city known."""
        names = {"kk": "Сынақ", "ru": "Проба", "en": "Trial"}
        city = {"code": self.city, "name": names, "category": category, "timezone": "Asia/Almaty"}
        await apply_cities(self.database_url, CitiesFile.model_validate({"cities": [city]}))

    async def forget(self) -> None:
        """Take the city out of what is scored; its events and parts stay."""
        engine = open_database(self.database_url, application="tests")
        try:
            async with engine.begin() as connection:
                for table in reversed(metadata.sorted_tables):
                    for key in table.foreign_keys:
                        if key.column is city.c.code:
                            await connection.execute(sa.delete(table).where(key.parent == self.city))
                await connection.execute(sa.delete(city).where(city.c.code == self.city))
        finally:
            await engine.dispose()

    async def snapshot(self, client: httpx2.AsyncClient) -> Snapshot:
        """The city's score as the API serves it."""
        response = await client.get(f"{self.api}/api/v1/cities/{self.city}/cityscore")
        response.raise_for_status()
        return Snapshot.model_validate_json(response.content)


def ports_from(offset: int) -> Ports:
    """Every port this far above its default."""
    return Ports(**{name: field.default + offset for name, field in Ports.model_fields.items()})


@contextmanager
def own_stack(
    folder: Path, ports: Ports, *, wiped: bool = False, cache: Path | None = None, tls: bool | None = None
) -> Iterator[Stack]:
    """A stack with empty servers, down at the end; `wiped` says that the folder is empty already."""
    stack = Stack(folder, ports, cache=cache)
    if not wiped:
        stack.wipe()
    try:
        stack.up(tls=tls)
        asyncio.run(upgrade(SecretStr(stack.env()["AHUAL_DATABASE_URL"])))
        yield stack
    finally:
        stack.down()


@contextmanager
def services_on(
    stack: Stack, category: str = "regional", settings: Mapping[str, str] | None = None
) -> Iterator[Installation]:
    """Our services on a migrated stack, with a new city, stopped at the end."""
    installation = Installation(stack, f"test-{time.time_ns() // 1_000_000}")
    asyncio.run(installation.register(category))
    try:
        for name, port in SERVICES.items():
            argv = (str(Path(sys.executable).parent / "ahual"), name)
            stack.start(Program(name=name, argv=argv, env=settings or {}))
            wait_until(
                lambda port=port: answers(getattr(stack.ports, port), stack.client_tls()),  # type: ignore[misc]  # mypy: default of a lambda
                seconds=READY_S,
                failure=lambda name=name: StackError(  # type: ignore[misc]
                    "not_ready", name=name, seconds=round(READY_S), detail="", log=stack.layout.log(name)
                ),
            )
        yield installation
    finally:
        for name in SERVICES:
            stack.stop(name)


def answers(port: int, tls: ssl.SSLContext | None = None) -> bool:
    """Whether a service says that it is ready; the scorer, which has no such page, that it is there."""
    for scheme in ("https", "http") if tls else ("http",):
        try:
            url = f"{scheme}://127.0.0.1:{port}/readyz"
            if httpx2.get(url, timeout=2, trust_env=False, verify=tls or True).status_code in (200, 404):
                return True
        except httpx2.TransportError:
            continue
    return False
