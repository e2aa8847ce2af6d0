"""Writing the device registry: add, change and find devices. What gateways have in memory follows within seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.device import Device, write_channels
from schemas.identity import Identity
from schemas.tables import CHANNEL_DEVICES, city, registered_device, source_registry
from services.ingest.devices import note

KEY: Final = ("city", "system", "device")
_NOTIFY: Final = sa.text("SELECT pg_notify(:channel, '')")


class RegisterError(Exception):
    """What stands in the way: the name of a text, and its parameters."""

    def __init__(self, key: str, **params: object) -> None:
        super().__init__(key, params)
        self.key = key
        self.params = params


async def put(engine: AsyncEngine, devices: Sequence[Device], actor: str) -> int:
    """Add devices or replace their entries, all or none; how many. RegisterError for an unknown city, a gateway that
    is not registered, or a Sparkplug node that another device has."""
    async with engine.begin() as connection:
        await _require_cities(connection, devices)
        for device in devices:
            await _put(connection, device)
        await _require_gateways(connection, devices)
        await note(connection, actor, "register", _subject(devices))
        await connection.execute(_NOTIFY, {"channel": CHANNEL_DEVICES})
    return len(devices)


def _subject(devices: Sequence[Device]) -> str:
    return str(devices[0].identity) if len(devices) == 1 else f"{len(devices)} devices"


async def _require_cities(connection: AsyncConnection, devices: Sequence[Device]) -> None:
    known = set((await connection.execute(sa.select(city.c.code))).scalars())
    for device in devices:
        if device.city not in known:
            raise RegisterError("device_unknown_city", city=device.city)


async def _put(connection: AsyncConnection, device: Device) -> None:
    row = device.model_dump(exclude={"channels", "interval_s"})
    row |= {"channels": write_channels(device.channels), "changed_at": sa.func.clock_timestamp()}
    taken = sa.select(registered_device.c.system, registered_device.c.device, registered_device.c.city).where(
        registered_device.c.sparkplug == device.sparkplug
    )
    for other in (await connection.execute(taken)).all() if device.sparkplug else ():
        if (other.city, other.system, other.device) != device.identity:
            name = f"{other.city}/{other.system}/{other.device}"
            raise RegisterError("device_sparkplug_taken", node=device.sparkplug, device=name)
    upsert = insert(registered_device).values(row)
    await connection.execute(upsert.on_conflict_do_update(index_elements=list(KEY), set_=row))
    if device.interval_s is not None:
        interval = {**device.identity._asdict(), "interval_s": device.interval_s}
        declared = insert(source_registry).values(interval)
        await connection.execute(declared.on_conflict_do_update(index_elements=list(KEY), set_=interval))


async def _require_gateways(connection: AsyncConnection, devices: Sequence[Device]) -> None:
    columns = sa.tuple_(*(registered_device.c[name] for name in KEY))
    for device in devices:
        if device.gateway:
            gateway = device.identity._replace(device=device.gateway)
            found = await connection.scalar(sa.select(registered_device.c.gateway.is_(None)).where(columns == gateway))
            if not found:
                raise RegisterError("device_no_gateway", device=device.identity, gateway=gateway)


async def get(engine: AsyncEngine, identity: Identity) -> Any | None:
    """A device's entry with its expected interval, or None."""
    rows = await page(engine, after=identity, limit=1, inclusive=True)
    return rows[0] if rows and (rows[0].city, rows[0].system, rows[0].device) == identity else None


async def page(
    engine: AsyncEngine,
    *,
    of_city: str | None = None,
    system: str | None = None,
    after: Identity | None = None,
    limit: int = 100,
    inclusive: bool = False,
) -> Sequence[Any]:
    """Entries by city, system and device, after this one, each with its expected interval."""
    columns = [registered_device.c[name] for name in KEY]
    joined = sa.and_(*(source_registry.c[name] == registered_device.c[name] for name in KEY))
    query = (
        sa.select(registered_device, source_registry.c.interval_s)
        .outerjoin(source_registry, joined)
        .order_by(*columns)
        .limit(limit)
    )
    if of_city is not None:
        query = query.where(registered_device.c.city == of_city)
    if system is not None:
        query = query.where(registered_device.c.system == system)
    if after is not None:
        place = sa.tuple_(*columns)
        query = query.where(place >= after if inclusive else place > after)
    async with engine.connect() as connection:
        return (await connection.execute(query)).all()
