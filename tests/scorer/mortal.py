"""A database connection that dies at its n-th step, for tests.

A step is a statement about to be sent, a COPY of which half is sent, or a COMMIT whose answer is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from pydantic import SecretStr
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from services.runtime.database import open_database


class CrashError(Exception):
    """Stands for a process that dies between two steps."""


@dataclass
class Fate:
    """Counts steps; raises CrashError at the one that is named."""

    left: int = 0
    steps: list[str] = field(default_factory=list)
    gate: asyncio.Event | None = None
    """Who wants to COMMIT waits for it."""

    @contextmanager
    def at(self, step: int) -> Iterator[None]:
        """The n-th step from now on is never finished; none if n is 0."""
        self.left = step
        self.steps.clear()
        try:
            yield
        finally:
            self.left = 0

    def due(self, step: str) -> bool:
        """Whether this step, which comes now, is the one."""
        self.steps.append(step)
        self.left -= 1
        return self.left == 0

    def meet(self, step: str) -> None:
        """Die now if it is due."""
        if self.due(step):
            raise CrashError(step)


@asynccontextmanager
async def mortal(url: SecretStr, fate: Fate) -> AsyncIterator[AsyncEngine]:
    """An engine whose connections obey a fate, whether SQLAlchemy or the driver itself is spoken to."""

    class Connection(asyncpg.Connection):  # type: ignore[misc]
        async def execute(self, query: str, *args: Any, **options: Any) -> str:
            if query.startswith(("BEGIN", "ROLLBACK")):
                return str(await super().execute(query, *args, **options))
            if not query.startswith("COMMIT"):
                fate.meet(query)
            elif fate.gate is not None:
                fate.steps.append(query)
                await fate.gate.wait()
            done = str(await super().execute(query, *args, **options))
            if query.startswith("COMMIT"):
                fate.meet(query)
            return done

        async def fetch(self, query: str, *args: Any, **options: Any) -> list[Any]:
            fate.meet(query)
            return list(await super().fetch(query, *args, **options))

        async def copy_to_table(self, table_name: str, *, source: Any, **options: Any) -> str:
            fate.meet(f"before COPY {table_name}")
            if fate.due(f"half of COPY {table_name}"):
                source = _half(bytes(source))
            done = str(await super().copy_to_table(table_name, source=source, **options))
            fate.meet(f"after COPY {table_name}")
            return done

    engine = open_database(url, pool_size=2)
    event.listen(engine.sync_engine, "do_connect", lambda _d, _r, _a, named: named.update(connection_class=Connection))
    event.listen(engine.sync_engine, "before_cursor_execute", lambda _c, _u, text, *_: fate.meet(text))
    try:
        yield engine
    finally:
        await engine.dispose()


async def _half(encoded: bytes) -> AsyncIterator[bytes]:
    yield encoded[: len(encoded) // 2]
    raise CrashError("half of COPY")
