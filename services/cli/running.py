"""What commands share: the database of the environment, and an end with one sentence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from services.cli.settings import load
from services.runtime.database import DATABASE_ERRORS, open_database
from services.runtime.messages import text
from services.runtime.settings import DatabaseSettings

T = TypeVar("T")


async def with_database(work: Callable[[AsyncEngine], Awaitable[T]]) -> T:
    """Run some work with the database of the environment; exit 1 with one sentence when it is away."""
    engine = open_database(load(DatabaseSettings).database_url, pool_size=1, application="ahual-cli")
    try:
        return await work(engine)
    except DATABASE_ERRORS as error:
        fail("ingest.no_database", problem=str(error).splitlines()[0])
    finally:
        await engine.dispose()


def fail(key: str, **params: object) -> NoReturn:
    """Say why in the user's language and exit 1."""
    typer.echo(text(key, None, **params), err=True)
    raise typer.Exit(1)
