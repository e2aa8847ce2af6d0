"""A city's lock is one writer's at a time, and a lost connection is no more than that."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from random import Random

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from deploy.stack import Stack
from services.runtime import locks
from services.runtime.database import DATABASE_ERRORS, open_database
from tests.chaos.proxy import Proxy

LOCK = 4_711
CITY = "karaganda"
FIRST_PROXY = 33_100
Take = Callable[[AsyncEngine, int, str], AbstractAsyncContextManager[AsyncConnection | None]]

pytestmark = pytest.mark.stack


async def test_nobody_else_has_it_meanwhile(database: AsyncEngine) -> None:
    async with locks.sole(database, LOCK, CITY):
        async with locks.sole_or_none(database, LOCK, CITY) as refused:
            assert refused is None
        async with locks.sole_or_none(database, LOCK, "almaty") as other:
            assert other is not None
    async with locks.sole_or_none(database, LOCK, CITY) as free:
        assert free is not None


@pytest.mark.parametrize("take", [locks.sole, locks.sole_or_none])
async def test_a_connection_lost_under_the_lock_is_an_error_of_the_database(
    stack: Stack, database_url: SecretStr, take: Take
) -> None:
    port = FIRST_PROXY + Random(stack.ports.postgres).randrange(100)
    with Proxy(port, stack.ports.postgres) as proxy:
        behind = make_url(database_url.get_secret_value()).set(port=port).render_as_string(hide_password=False)
        engine = open_database(SecretStr(behind), pool_size=1, application="tests")
        try:
            with pytest.raises(DATABASE_ERRORS):
                await _cut_under(take(engine, LOCK, CITY), proxy)
            proxy.mend()
            async with take(engine, LOCK, CITY) as connection:
                assert connection is not None
        finally:
            await engine.dispose()


async def _cut_under(locked: AbstractAsyncContextManager[AsyncConnection | None], proxy: Proxy) -> None:
    async with locked as connection:
        assert connection is not None
        proxy.cut()
        await connection.execute(sa.text("SELECT pg_sleep(5)"))
