"""Wiring: one pass, or passes until told to stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from services.cityscore.catalogue import load_catalogue
from services.export import signing, ways
from services.export.deliveries import Delivery, Maker
from services.export.errors import DamagedError
from services.export.schedule import Exporter
from services.export.sending import Outcome, send_waiting
from services.export.settings import ExportSettings
from services.runtime.clock import Clock
from services.runtime.database import DATABASE_ERRORS, open_database

log = logging.getLogger(__name__)
STATEMENT_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Done:
    """What a pass came to."""

    made: list[Delivery]
    outcomes: list[Outcome]


async def run_once(settings: ExportSettings, clock: Clock, city: str | None = None) -> Done:
    """Make what is due and send what waits. ExportError or database errors when it could not."""
    engine = open_engine(settings)
    try:
        return await _pass(engine, settings, clock, city)
    finally:
        await engine.dispose()


async def watch(
    settings: ExportSettings, clock: Clock, stop: asyncio.Event, report: Callable[[Done], None] = lambda _done: None
) -> None:
    """Passes with a pause between them until `stop` is set; what was missed meanwhile is caught up with."""
    engine = open_engine(settings)
    try:
        while not stop.is_set():
            try:
                report(await _pass(engine, settings, clock))
            except (*DATABASE_ERRORS, DamagedError) as error:
                log.warning("export interrupted, trying again", extra={"reason": str(error)[:300]})
            try:
                async with asyncio.timeout(settings.export_pause_s):
                    await stop.wait()
            except TimeoutError:
                continue
    finally:
        await engine.dispose()


def open_engine(settings: ExportSettings) -> AsyncEngine:
    """Two connections: the lock's, and another."""
    return open_database(settings.database_url, pool_size=2, application="ahual-export", command_timeout_s=STATEMENT_S)


async def _pass(engine: AsyncEngine, settings: ExportSettings, clock: Clock, city: str | None = None) -> Done:
    known = load_catalogue(own=settings.catalogue_folder)
    maker = Maker(known, settings.export_folder, signing.private_key(settings.export_key_file))
    exporter = Exporter(engine, maker, timedelta(seconds=settings.export_delay_s))
    made = await exporter.run(clock(), city)
    outcomes = await send_waiting(engine, settings.export_folder, ways.load(settings.export_ways), clock())
    return Done(made, outcomes)
