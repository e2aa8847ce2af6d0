"""One reader of the database's notices per process, any number of live streams.

A stream never queues: it holds what it sent last and, when woken, sends the difference to the newest. So a slow reader
skips revisions instead of filling memory, and no stream holds a database connection.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.tables import CHANNEL_CITYSCORE
from services.api.changes import change
from services.api.errors import TooManyStreamsError
from services.api.settings import ApiSettings
from services.api.snapshots import Stored, read_newer
from services.runtime.clock import Clock
from services.runtime.database import DATABASE_ERRORS, listen

log = logging.getLogger(__name__)
READ_LIMIT_S = 5.0
REMEMBERED: Final = 64
"""Snapshots of a followed city: who was away for so many revisions gets the difference."""
KEPT_S: Final = 300.0
"""How long a city is followed after its last reader left, so that who comes back finds what it missed."""


class Followed:
    """A city somebody follows: its newest snapshot, and a bell that rings for each new one."""

    def __init__(self) -> None:
        self.stored: Stored | None = None
        self.recent: deque[Stored] = deque(maxlen=REMEMBERED)
        self.readers = 0
        self.left = 0.0
        self._step: tuple[Stored, Stored, str | None] | None = None
        self._bell = asyncio.Event()

    def publish(self, stored: Stored) -> None:
        """Make this the newest."""
        if self.stored is not None and stored.revision <= self.stored.revision:
            self.recent.clear()  # the revisions began anew
        self.stored = stored
        self.recent.append(stored)
        self.ring()

    def at(self, revision: int | None) -> Stored | None:
        """The snapshot that a returning reader holds, if it is not long ago."""
        return next((stored for stored in self.recent if stored.revision == revision), None)

    def ring(self) -> None:
        """Wake every stream of this city."""
        self._bell.set()
        self._bell = asyncio.Event()

    async def rung(self, seconds: float) -> None:
        """Wait for the bell, at most so long. No await may stand between looking at `stored` and calling this."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0.0)):  # `wait_for` would make a task for every stream and ring
                await self._bell.wait()

    def step(self, before: Stored, after: Stored) -> str | None:
        """`change` from one snapshot to another as JSON, made once for all streams that keep up."""
        if self._step is None or self._step[0] is not before or self._step[1] is not after:
            found = change(before.snapshot, after.snapshot)
            self._step = (before, after, None if found is None else as_json(found))
        return self._step[2]


class Hub:
    """`run` reads each new revision once; `follow` lends it to streams. `confirmed_at` is the last successful read."""

    def __init__(self, engine: AsyncEngine, settings: ApiSettings, clock: Clock) -> None:
        self.confirmed_at: datetime | None = None
        self.running = False
        self.streams = 0
        self._engine = engine
        self._settings = settings
        self._clock = clock
        self._followed: dict[str, Followed] = {}
        self._reading = asyncio.Lock()

    @asynccontextmanager
    async def follow(self, city: str) -> AsyncIterator[Followed]:
        """The city's newest snapshot, kept up to date for as long as the block runs. Raises TooManyStreamsError."""
        if self.streams >= self._settings.api_max_streams:
            raise TooManyStreamsError(limit=self._settings.api_max_streams)
        followed = self._followed.setdefault(city, Followed())
        self.streams += 1
        followed.readers += 1
        try:
            if followed.stored is None:
                await self._refresh([city])
            yield followed
        finally:
            self.streams -= 1
            followed.readers -= 1
            followed.left = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Follow the notices until cancelled; what a lost notice hid is found by reading again every few seconds."""
        self.running = True
        try:
            async with listen(self._settings.database_url, CHANNEL_CITYSCORE) as notices:
                while True:
                    await self._refresh(await self._next(notices))
                    self._leave()
        finally:
            self.running = False

    def ring(self) -> None:
        """Wake every stream, so that it sees that the process is stopping."""
        for followed in self._followed.values():
            followed.ring()

    def _leave(self) -> None:
        """Follow no longer what nobody has read for a while."""
        until = asyncio.get_running_loop().time() - KEPT_S
        for city in [code for code, one in self._followed.items() if not one.readers and one.left < until]:
            del self._followed[city]

    async def _next(self, notices: asyncio.Queue[str]) -> list[str]:
        try:
            heard = {await asyncio.wait_for(notices.get(), self._settings.api_recheck_s)}
        except TimeoutError:
            return list(self._followed)
        while not notices.empty():
            heard.add(notices.get_nowait())
        cities = {notice.rpartition(":")[0] for notice in heard}
        return list(self._followed) if "" in heard else [city for city in self._followed if city in cities]

    async def _refresh(self, cities: Iterable[str]) -> None:
        """Read what is newer and hand it on; one read at a time, so that an older one never overtakes."""
        async with self._reading:
            known = {city: self._revision(city) for city in cities if city in self._followed}
            if not known:
                return
            try:
                async with asyncio.timeout(READ_LIMIT_S):
                    newer = await read_newer(self._engine, known)
            except DATABASE_ERRORS as error:
                log.warning("snapshots not read", extra={"cities": list(known), "reason": repr(error)})
                return
            self.confirmed_at = self._clock()
            for stored in newer:
                if stored.city in self._followed:
                    self._followed[stored.city].publish(stored)

    def _revision(self, city: str) -> int | None:
        stored = self._followed[city].stored
        return None if stored is None else stored.revision


def as_json(value: object) -> str:
    """Compact JSON with the letters of all three languages as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
