"""Opening PostgreSQL, and listening to its notices."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import asyncpg
from pydantic import SecretStr
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from services.runtime.tls import DatabaseTls

log = logging.getLogger(__name__)
NOTICE_KEEPALIVE_S: Final = 5.0
COMMAND_TIMEOUT_S: Final = 60.0
DATABASE_ERRORS: Final = (
    DBAPIError,
    PoolTimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    OSError,
    TimeoutError,
)
"""The database did not do it, or its answer was lost: look again, then try again."""
_OF_THE_DATA: Final = ("22", "23")
"""Classes of SQLSTATE: data exception, integrity constraint violation."""


def is_of_the_data(error: BaseException) -> bool:
    """Whether what is stored, or is to be, is at fault: trying again comes to the same."""
    return isinstance(error, DBAPIError) and str(getattr(error.orig, "sqlstate", "")).startswith(_OF_THE_DATA)


def open_database(
    url: SecretStr,
    *,
    pool_size: int = 4,
    application: str = "ahual",
    command_timeout_s: float = COMMAND_TIMEOUT_S,
    pre_ping: bool = True,
    held_s: float | None = None,
    silent_s: float | None = None,
) -> AsyncEngine:
    """An engine whose connections speak UTC, without JIT (our statements are short).

    `pre_ping` tries a connection before it is used: three ways to the database and back, which who tries again anyway
    can spare. A process that stands still in the middle of a transaction keeps its locks for as long as it likes;
    `held_s` is when the server has enough of it and ends the session. One that stands still between transactions keeps
    its advisory locks: `silent_s` is for that.
    """
    limits = {"idle_in_transaction_session_timeout": str(round(1000 * held_s))} if held_s else {}
    limits |= {"idle_session_timeout": str(round(1000 * silent_s))} if silent_s else {}
    address, tls = DatabaseTls.of(make_url(url.get_secret_value()))
    secure = {"ssl": tls} if tls else {}
    return create_async_engine(
        address,
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=pre_ping,
        connect_args={
            **secure,
            "timeout": 5,
            "command_timeout": command_timeout_s,
            "server_settings": {"timezone": "UTC", "jit": "off", "application_name": application, **limits},
        },
    )


@asynccontextmanager
async def listen(url: SecretStr, channel: str) -> AsyncIterator[asyncio.Queue[str]]:
    """Notices of one channel as a queue of payloads, for as long as the block runs.

    An empty payload says "the connection was lost and is back: read again what you follow", because a notice given
    meanwhile is gone.
    """
    notices: asyncio.Queue[str] = asyncio.Queue()
    task = asyncio.create_task(_listen_forever(url, channel, notices))
    try:
        yield notices
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _listen_forever(url: SecretStr, channel: str, notices: asyncio.Queue[str]) -> None:
    while True:
        try:
            await _listen_once(url, channel, notices)
        except DATABASE_ERRORS as error:
            log.warning("notices interrupted", extra={"channel": channel, "reason": str(error)})
            await asyncio.sleep(0.5)


async def _listen_once(url: SecretStr, channel: str, notices: asyncio.Queue[str]) -> None:
    def heard(_connection: Any, _pid: int, _channel: str, payload: object) -> None:
        notices.put_nowait(str(payload))

    dsn = make_url(url.get_secret_value()).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        await connection.add_listener(channel, heard)
        notices.put_nowait("")
        while True:
            await asyncio.sleep(NOTICE_KEEPALIVE_S)
            await connection.execute("SELECT 1", timeout=5)
    finally:
        connection.terminate()
