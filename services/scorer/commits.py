"""Committing batches of events one after the other, each in the way that is likely to be the fast one."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from services.runtime.clock import Clock
from services.scorer.adoption import Adoption
from services.scorer.cities import Cities
from services.scorer.decoding import RecordDecoder
from services.scorer.errors import FencedError, KnownEventsError, UnknownCityError
from services.scorer.measures import Compiled
from services.scorer.transaction import Outcome, commit_events
from services.scorer.types import Batch


class EventCommits:
    """Remembers what spares work: the cities, and on which partitions stored events came again lately."""

    def __init__(
        self, engine: AsyncEngine, compiled: Compiled, cities: Cities, adoption: Adoption, clock: Clock
    ) -> None:
        self._engine = engine
        self._compiled = compiled
        self._cities = cities
        self._adoption = adoption
        self._clock = clock
        self._decoder = RecordDecoder()
        self._repeating: set[int] = set()

    async def commit(self, batch: Batch) -> Outcome:
        """Commit one batch, after the partition has adopted our measures; FencedError when it is somebody else's."""
        try:
            return await self._of_known_cities(batch)
        except FencedError:
            if not await self._adoption.follow(batch):
                raise
            return await self._of_known_cities(batch)

    async def _of_known_cities(self, batch: Batch) -> Outcome:
        try:
            return await self._as_it_comes(batch, strangers=False)
        except UnknownCityError:
            await self._cities.refresh()
            return await self._as_it_comes(batch, strangers=True)

    async def _as_it_comes(self, batch: Batch, *, strangers: bool) -> Outcome:
        if batch.partition not in self._repeating:
            try:
                return await self._once(batch, straight=True, strangers=strangers)
            except KnownEventsError:
                self._repeating.add(batch.partition)
        outcome = await self._once(batch, straight=False, strangers=strangers)
        if not outcome.duplicate:
            self._repeating.discard(batch.partition)
        return outcome

    async def _once(self, batch: Batch, *, straight: bool, strangers: bool) -> Outcome:
        return await commit_events(
            self._engine,
            batch,
            self._decoder,
            self._compiled,
            self._cities.known,
            self._clock,
            measures=self._adoption.measures,
            straight=straight,
            strangers=strangers,
        )
