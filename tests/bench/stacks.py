"""The bench's own stack, empty, and its cities."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from pydantic import SecretStr

from deploy.stack import Stack
from schemas import tables
from services.cli.database import CitiesFile, apply_cities
from services.runtime.database import open_database
from tests.conftest import KEPT
from tests.installation import own_stack, ports_from

FOLDER: Final = Path(".stack-bench")
PORT_OFFSET: Final = 12_540


def bench_stack() -> AbstractContextManager[Stack]:
    """Empty servers, down at the end."""
    return own_stack(FOLDER, ports_from(PORT_OFFSET))


def database_of(stack: Stack) -> SecretStr:
    """The owner's connection."""
    return SecretStr(stack.env()["AHUAL_DATABASE_URL"])


def register(stack: Stack, cities: Iterable[str]) -> None:
    """Regional cities, five hours east of Greenwich."""
    entries = [
        {"code": code, "name": {"kk": code, "ru": code, "en": code}, "category": "regional", "timezone": "Asia/Almaty"}
        for code in cities
    ]
    asyncio.run(apply_cities(database_of(stack), CitiesFile.model_validate({"cities": entries})))


async def empty(stack: Stack) -> None:
    """As before the first event, with the registered cities: a scorer begins at Kafka's oldest record again."""
    engine = open_database(database_of(stack))
    names = ", ".join(name for name in tables.metadata.tables if name not in KEPT | {"city"})
    try:
        async with engine.begin() as connection:
            await connection.execute(sa.text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    finally:
        await engine.dispose()
