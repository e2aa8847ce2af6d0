"""Wiring: one pass, or passes until told to stop."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.catalogue import Period
from services.cityscore.catalogue import load_catalogue
from services.export import deliveries, signing, ways
from services.export.deliveries import Delivery, Maker
from services.export.errors import DamagedError
from services.export.facts import MakeFacts
from services.export.schedule import Exporter
from services.export.sending import Outcome, send_waiting
from services.export.settings import ExportSettings
from services.runtime.clock import Clock
from services.runtime.database import DATABASE_ERRORS, open_database
from services.runtime.locks import Holder

log = logging.getLogger(__name__)
STATEMENT_S: Final = 600.0
SILENT_S: Final = 3600.0
"""Who hangs for so long loses the session, and with it the cities' locks, to the next process. Longer than it takes to
write the raw facts of a year, while the session that holds the lock says nothing."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a pass came to."""

    made: list[Delivery]
    outcomes: list[Outcome]
    waiting: list[str]
    """Periods whose raw facts could not be read yet, with the reason."""
    held: dict[str, Holder]
    """Cities that another process is at."""
    damaged: list[DamagedError]
    """Deliveries on disk that are not what their manifests say."""


async def run_once(
    settings: ExportSettings, clock: Clock, city: str | None = None, facts: MakeFacts | None = None
) -> Done:
    """Make what is due and send what waits. ExportError or database errors when it could not."""
    engine = open_engine(settings)
    try:
        return await _pass(engine, settings, clock, city, facts)
    finally:
        await engine.dispose()


async def make_facts(
    settings: ExportSettings, clock: Clock, facts: MakeFacts, city: str, period: Period, name: str
) -> Delivery | None:
    """Store the raw facts behind the newest delivery of a period; None when there is no such delivery, the one there is
    when they are stored already. LookupError when not all can be read now."""
    engine = open_engine(settings)
    try:
        async with engine.connect() as connection:
            of = await deliveries.named(connection, city, period, name)
            if of is None:
                return None
            known = await deliveries.newest(connection, city, of.closed, "facts")
            if known is not None and known.revision == of.revision:
                return known
            return await _maker(settings).deliver_facts(connection, of, facts(engine), clock())
    finally:
        await engine.dispose()


async def watch(settings: ExportSettings, clock: Clock, stop: asyncio.Event, facts: MakeFacts | None = None) -> None:
    """Passes with a pause between them until `stop` is set; what was missed meanwhile is caught up with."""
    engine = open_engine(settings)
    try:
        while not stop.is_set():
            try:
                await _pass(engine, settings, clock, None, facts)
            except DATABASE_ERRORS as error:
                log.warning("export interrupted, trying again", extra={"reason": str(error)[:300]})
            try:
                async with asyncio.timeout(settings.export_pause_s):
                    await stop.wait()
            except TimeoutError:
                continue
    finally:
        await engine.dispose()


def open_engine(settings: ExportSettings) -> AsyncEngine:
    """Three connections: the lock's, the archive's, and another."""
    return open_database(
        settings.database_url,
        pool_size=3,
        application="ahual-export",
        command_timeout_s=STATEMENT_S,
        held_s=SILENT_S,
        silent_s=SILENT_S,
    )


def _maker(settings: ExportSettings) -> Maker:
    known = load_catalogue(own=settings.catalogue_folder)
    return Maker(known, settings.export_folder, signing.private_key(settings.export_key_file))


async def _pass(
    engine: AsyncEngine, settings: ExportSettings, clock: Clock, city: str | None, facts: MakeFacts | None
) -> Done:
    delay = timedelta(seconds=settings.export_delay_s)
    exporter = Exporter(engine, _maker(settings), delay, facts and facts(engine), settings.fact_periods)
    done = await exporter.run(clock(), city)
    for waiting in done.waiting:
        log.warning("facts not delivered", extra={"reason": waiting})
    for held, at_it in done.held.items():
        log.warning("another export is at this city", extra={"city": held, **at_it._asdict()})
    for damaged in done.damaged:
        log.error("delivery damaged, its city waits", extra={"reason": str(damaged)})
    outcomes = await send_waiting(engine, settings.export_folder, ways.load(settings.export_ways), clock())
    return Done(done.made, outcomes, done.waiting, done.held, done.damaged)
