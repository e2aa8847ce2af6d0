"""Dropping what the finer tiers no longer need; the Apache edition of TimescaleDB has no policies of its own."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.runtime.clock import Clock
from services.runtime.database import DATABASE_ERRORS
from services.scorer.tiers import KEPT

log = logging.getLogger(__name__)

EVERY: Final = timedelta(hours=1)
_DROP: Final = sa.text("SELECT drop_chunks(CAST(:table AS regclass), CAST(:before AS timestamptz))")


async def drop_old_parts(engine: AsyncEngine, clock: Clock) -> None:
    """Drop chunks whose last bucket no window reads any more."""
    async with engine.begin() as connection:
        for tier, kept in KEPT.items():
            if kept is not None:
                for table in (f"part_{tier}", f"bin_{tier}"):
                    await connection.execute(_DROP, {"table": table, "before": clock() - kept})


async def run(engine: AsyncEngine, clock: Clock, stop: asyncio.Event) -> None:
    """Do it once an hour until `stop` is set."""
    while not stop.is_set():
        try:
            await drop_old_parts(engine, clock)
        except DATABASE_ERRORS as error:
            log.warning("old parts not dropped, trying again later", extra={"reason": str(error)[:300]})
        try:
            async with asyncio.timeout(EVERY.total_seconds()):
                await stop.wait()
        except TimeoutError:
            continue
