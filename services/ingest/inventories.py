"""The registry's own reports: dated totals of what it knows, as ordinary events, where the city vouches for them.

Once a day of the city, by one gateway of all. A total that nobody vouches for any more is reported as 0 once, so that
what a department reports in its place is not added to it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.events.envelope import Event, canonical
from schemas.events.reference import TotalReported
from schemas.identity import Identity
from schemas.inventories import Inventory
from schemas.tables import city, complete_total, registered_device, registered_object, reported_total
from schemas.topics import EVENTS
from services.ingest.errors import UnconfirmedError
from services.ingest.forwarder import Forwarder
from services.runtime.clock import Clock
from services.runtime.database import DATABASE_ERRORS

log = logging.getLogger(__name__)
EVERY_S: Final = 60.0
CONFIRM_S: Final = 20.0
SOURCE: Final = "registry"
"""The device under which the registry reports."""
_NEWEST: Final = sa.text("""
    SELECT DISTINCT ON (city, total) city, total, as_of, value FROM reported_total ORDER BY city, total, as_of DESC
""")
_LOCK: Final = sa.text("SELECT pg_try_advisory_xact_lock(hashtext('ahual registry reports'))")


class Due(NamedTuple):
    """A total that has not been reported for its city's day."""

    city: str
    total: str
    day: date
    midnight: datetime
    vouched: bool


async def run(
    engine: AsyncEngine,
    forwarder: Forwarder,
    inventories: Mapping[str, Inventory],
    clock: Clock,
    every_s: float = EVERY_S,
) -> None:
    """Report what is due, until cancelled."""
    while True:
        try:
            await report(engine, forwarder, inventories, clock())
        except (*DATABASE_ERRORS, UnconfirmedError) as error:
            log.warning("totals of the registry not reported yet", extra={"reason": repr(error)})
        await asyncio.sleep(every_s)


async def report(engine: AsyncEngine, forwarder: Forwarder, totals: Mapping[str, Inventory], now: datetime) -> int:
    """Report what is due at this moment; how many totals. Kafka has them before they are noted."""
    async with engine.begin() as connection:
        if not await connection.scalar(_LOCK):
            return 0
        due = [one for one in await _due(connection, now) if one.total in totals]
        for one in due:
            value = await _counted(connection, totals[one.total], one) if one.vouched else 0
            source = Identity(one.city, totals[one.total].system, SOURCE)
            await forwarder.confirm([(EVENTS, source.key, event(source, one, value))], CONFIRM_S)
            row = {"city": one.city, "total": one.total, "as_of": one.day, "value": value}
            await connection.execute(sa.insert(reported_total).values(row))
    return len(due)


def event(source: Identity, due: Due, value: int) -> bytes:
    """One total as an event; sent again after an interruption it has the same identity."""
    made = Event[TotalReported](
        specversion="1.0",
        id=f"{due.total}-{due.day}",
        source=source.source,
        type=TotalReported.type_name,
        time=due.midnight,
        data=TotalReported(name=due.total, total=value, as_of=due.midnight),
    )
    return canonical(made)


async def _due(connection: AsyncConnection, now: datetime) -> list[Due]:
    zones = {row.code: ZoneInfo(row.timezone) for row in await connection.execute(sa.select(city))}
    vouched = {(row.city, row.total): row.since for row in await connection.execute(sa.select(complete_total))}
    reported = {(row.city, row.total): row for row in await connection.execute(_NEWEST)}
    found = []
    for code, total in sorted(vouched.keys() | reported.keys()):
        day = now.astimezone(zones[code]).date()
        last: Any = reported.get((code, total))
        since = vouched.get((code, total))
        wanted = since <= day if since is not None else last.value > 0
        if wanted and (last is None or last.as_of < day):
            midnight = datetime.combine(day, time(), zones[code]).astimezone(UTC)
            found.append(Due(code, total, day, midnight, since is not None))
    return found


async def _counted(connection: AsyncConnection, inventory: Inventory, due: Due) -> int:
    if inventory.attached is not None:
        device = registered_device.c
        query = sa.select(sa.func.count(device.attached_to.distinct())).where(
            device.city == due.city,
            device.system == inventory.system,
            device.attached_kind == inventory.attached,
            sa.or_(device.installed_on.is_(None), device.installed_on <= due.day),
            sa.or_(device.removed_on.is_(None), device.removed_on > due.day),
        )
    else:
        thing = registered_object.c
        query = sa.select(sa.func.count()).where(
            thing.city == due.city,
            thing.kind == inventory.objects,
            sa.or_(thing.since.is_(None), thing.since <= due.day),
            sa.or_(thing.until.is_(None), thing.until > due.day),
        )
        if inventory.network is not None:
            query = query.where(thing.networks.contains([inventory.network]))
        if inventory.mapped:
            query = query.where(thing.latitude.is_not(None))
    return int(await connection.scalar(query) or 0)
