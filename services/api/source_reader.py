"""The judged sources, read at most once in a few seconds however many pages are open: judging costs per source."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.sources import SourceLimits, SourceState
from services.api import source_states
from services.runtime.clock import Clock

AGE: Final = timedelta(seconds=5)
MOST: Final = 64
"""Questions whose answers are kept."""


class SourceReader:
    """Answers are up to `AGE` old; one question is asked at a time, the others wait for its answer."""

    def __init__(self, engine: AsyncEngine, limits: SourceLimits, clock: Clock) -> None:
        self._engine = engine
        self._limits = limits
        self._clock = clock
        self._known: dict[Hashable, tuple[datetime, list[Any]]] = {}
        self._one_at_a_time = asyncio.Lock()

    async def counts(self) -> list[Any]:
        """Sources and missing sequence numbers per city, system and state."""

        async def read(now: datetime) -> list[Any]:
            async with self._engine.connect() as connection:
                return await source_states.counts(connection, self._limits, now)

        return await self._recent("counts", read)

    async def page(
        self, city: str, *, system: str | None, states: Sequence[SourceState], after: tuple[str, str], limit: int
    ) -> list[Any]:
        """A city's sources after (system, device), in that order; no states: all of them."""

        async def read(now: datetime) -> list[Any]:
            async with self._engine.connect() as connection:
                return await source_states.page(
                    connection, self._limits, city, now, system=system, states=states, after=after, limit=limit
                )

        return await self._recent((city, system, tuple(states), after, limit), read)

    async def _recent(self, question: Hashable, read: Callable[[datetime], Awaitable[list[Any]]]) -> list[Any]:
        async with self._one_at_a_time:
            now = self._clock()
            known = self._known.pop(question, None)
            if known is None or now - known[0] >= AGE:
                known = (now, await read(now))
            self._known[question] = known
            if len(self._known) > MOST:
                del self._known[next(iter(self._known))]
            return known[1]
