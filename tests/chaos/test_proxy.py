"""The proxy does to a real connection what the chaos trials rely on."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import asyncpg
import pytest
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from deploy.stack import Stack
from tests.chaos.proxy import Proxy

pytestmark = pytest.mark.stack


@pytest.fixture
def proxied(stack: Stack, database_url: SecretStr, unused_port: int) -> Iterator[tuple[Proxy, str]]:
    """PostgreSQL behind a proxy, and its address there."""
    with Proxy(unused_port, stack.ports.postgres) as proxy:
        url = make_url(database_url.get_secret_value()).set(drivername="postgresql", port=unused_port)
        yield proxy, url.render_as_string(hide_password=False)


@pytest.fixture
def unused_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_cut_connections_are_reset_and_new_ones_refused_until_mended(proxied: tuple[Proxy, str]) -> None:
    proxy, url = proxied
    connection = await asyncpg.connect(url, ssl=False)
    assert await connection.fetchval("SELECT 1") == 1
    proxy.cut()
    with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
        await connection.fetchval("SELECT 1")
    with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
        await asyncpg.connect(url, ssl=False, timeout=5)
    proxy.mend()
    again = await asyncpg.connect(url, ssl=False)
    assert await again.fetchval("SELECT 1") == 1
    await again.close()


async def test_a_stalled_connection_answers_once_mended(proxied: tuple[Proxy, str]) -> None:
    proxy, url = proxied
    connection = await asyncpg.connect(url, ssl=False)
    proxy.stall()
    answer = asyncio.create_task(connection.fetchval("SELECT 1"))
    await asyncio.sleep(0.3)
    assert not answer.done()
    proxy.mend()
    assert await asyncio.wait_for(answer, 5) == 1
    await connection.close()


async def test_a_commit_whose_answer_is_lost_was_made(proxied: tuple[Proxy, str]) -> None:
    proxy, url = proxied
    connection = await asyncpg.connect(url, ssl=False)
    await connection.execute("CREATE TABLE IF NOT EXISTS proxy_trial (n int)")
    proxy.lose_commit()
    await connection.execute("BEGIN;")
    await connection.execute("INSERT INTO proxy_trial VALUES (1)")
    with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
        await connection.execute("COMMIT;")
    again = await asyncpg.connect(url, ssl=False)
    assert await again.fetchval("SELECT count(*) FROM proxy_trial") == 1
    await again.execute("DROP TABLE proxy_trial")
    await again.close()
