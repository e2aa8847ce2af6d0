"""Before anything is added to a partition, it follows this scorer's measures."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.catalogue import Catalogue
from schemas.tables import consumer_offset
from schemas.topics import EVENTS
from services.runtime.clock import Clock
from services.runtime.database import DATABASE_ERRORS
from services.scorer import versions
from services.scorer.cities import Cities
from services.scorer.rebuild import Rebuilder
from services.scorer.types import Batch

log = logging.getLogger(__name__)
LOOK_S: Final = 5.0


class Adoption:
    """Knows what this scorer measures by, and rebuilds partitions that follow something else."""

    def __init__(
        self, database: SecretStr, engine: AsyncEngine, catalogue: Catalogue, cities: Cities, clock: Clock
    ) -> None:
        self._database = database
        self._engine = engine
        self._catalogue = catalogue
        self._cities = cities
        self._clock = clock
        self._basis = versions.basis(catalogue, cities.known)
        self._of = cities.known

    @property
    def measures(self) -> str:
        """Hash of the measures and of the cities as they were last read."""
        if self._of is not self._cities.known:
            self._of = self._cities.known
            self._basis = versions.basis(self._catalogue, self._of)
        return self._basis.hash

    async def follow(self, batch: Batch) -> bool:
        """Whether a batch that was fenced may be tried again, because the partition follows these measures only now.

        OutdatedError if the partition follows newer measures than this scorer has.
        """
        table = consumer_offset
        query = sa.select(table.c.next_offset, table.c.measures).where(
            table.c.cluster == batch.cluster,
            table.c.topic_id == batch.topic_id,
            table.c.partition == batch.partition,
        )
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None or row.next_offset != batch.begin:
            return False
        await self._cities.refresh()
        if row.measures != self.measures:
            await self._adopt(batch.partition)
        return True

    async def watch(self, assigned: Callable[[], Iterable[int]], stop: asyncio.Event) -> None:
        """Let our partitions that receive nothing follow too, until `stop` is set; OutdatedError as in `follow`."""
        while not stop.is_set():
            try:
                for partition in await self._following_others(assigned()):
                    await self._adopt(partition)
            except DATABASE_ERRORS as error:
                log.warning("measures not adopted, trying again", extra={"reason": str(error)[:300]})
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await stop.wait()

    async def _following_others(self, partitions: Iterable[int]) -> list[int]:
        c = consumer_offset.c
        query = sa.select(c.partition).where(
            c.topic == EVENTS, c.partition.in_(partitions), c.measures != self.measures
        )
        async with self._engine.connect() as connection:
            return list((await connection.scalars(query.order_by(c.partition))).all())

    async def _adopt(self, partition: int) -> None:
        log.info("adopting measures", extra={"partition": partition})
        rebuilder = Rebuilder(self._database, self._catalogue, self._cities.known, self._clock)
        found = await rebuilder.adopt(partition)
        log.info("measures adopted", extra={"partition": partition, "count": sum(lack.rows for lack in found)})
