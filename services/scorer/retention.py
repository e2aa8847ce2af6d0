"""Dropping what the finer tiers no longer need; the Apache edition of TimescaleDB has no policies of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.retention import OBSERVATIONS_KEPT, PARTS_KEPT, REJECTED_KEPT, SCORES_KEPT, UNCOUNTED_KEPT
from schemas.tables import cityscores, observation
from services.runtime.clock import Clock
from services.runtime.database import DATABASE_ERRORS
from services.scorer.errors import ArchiveError

log = logging.getLogger(__name__)

EVERY: Final = timedelta(hours=1)
_DROP: Final = sa.text("SELECT drop_chunks(CAST(:table AS regclass), CAST(:before AS timestamptz))")


def _kept() -> Iterator[tuple[str, timedelta]]:
    for tier, kept in PARTS_KEPT.items():
        if kept is not None:
            yield f"part_{tier}", kept
            yield f"bin_{tier}", kept
    for tier, kept in SCORES_KEPT.items():
        if kept is not None:
            yield cityscores[tier].name, kept
    yield observation.name, OBSERVATIONS_KEPT


_FORGET: Final = sa.text(
    "UPDATE dead_letter SET payload = '', truncated = true"
    " WHERE rejected_at < :before AND (topic = 'kafka') = :own AND octet_length(payload) > 0"
)
KEPT: Final = dict(_kept())
"""How long each table keeps its rows; what is not named is kept for good (the ledger has its own floor)."""


async def drop_old(engine: AsyncEngine, clock: Clock) -> None:
    """Drop chunks that nothing reads any more, table by table, so that no lock is held for long, and what dead letters
    hold of a rejected message."""
    for table, kept in KEPT.items():
        async with engine.begin() as connection:
            await connection.execute(_DROP, {"table": table, "before": clock() - kept})
    async with engine.begin() as connection:
        for own, kept in ((False, REJECTED_KEPT), (True, UNCOUNTED_KEPT)):
            await connection.execute(_FORGET, {"own": own, "before": clock() - kept})


async def run(engine: AsyncEngine, clock: Clock, stop: asyncio.Event, ledger: Callable[[], Awaitable[None]]) -> None:
    """Do it once an hour until `stop` is set, and what `ledger` does for the ledger."""
    while not stop.is_set():
        try:
            await drop_old(engine, clock)
            await ledger()
        except DATABASE_ERRORS as error:
            log.warning("old rows not dropped, trying again later", extra={"reason": str(error)[:300]})
        except ArchiveError:
            log.error("the ledger waits for `ahual archive`: set AHUAL_ARCHIVE_FOLDER")
        try:
            async with asyncio.timeout(EVERY.total_seconds()):
                await stop.wait()
        except TimeoutError:
            continue
