"""The device registry of a city: what stands where, and what its channels mean. What reports is under `sources`."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

import sqlalchemy as sa
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from schemas.catalogue import Text
from schemas.device import REST
from schemas.quantities import QUANTITIES
from schemas.tables import registered_device, source_registry
from services.api.cities import require_city
from services.api.errors import SourceCursorError
from services.api.examples import DEVICE
from services.api.language import LangQuery, in_language
from services.api.state import ApiState

router = APIRouter(prefix="/api/v1/cities/{city}/devices", tags=["operations"])
KEY: Final = ("city", "system", "device")


class DeviceChannel(BaseModel):
    """One channel of a device, in the unit in which its readings are kept."""

    channel: str
    quantity: str
    quantity_name: Text | str
    unit: str | None


class RegisteredDevice(BaseModel):
    """A registered device. `gateway` reports for it; it may be attached to an object of the city's."""

    model_config = ConfigDict(json_schema_extra={"example": DEVICE})
    system: str
    device: str
    label: str
    gateway: str | None
    latitude: float | None
    longitude: float | None
    district: str | None
    attached_kind: str | None
    attached_to: str | None
    installed_on: date | None
    removed_on: date | None = Field(description="from this day on it is no longer there")
    interval_s: float | None = Field(description="how often it is expected to report, where that is declared")
    channels: list[DeviceChannel]


class Devices(BaseModel):
    """A page of devices by system and device; `next` is the `after` of the following page, null on the last."""

    model_config = ConfigDict(json_schema_extra={"example": {"devices": [DEVICE], "next": "water/meter-17"}})
    devices: list[RegisteredDevice]
    next: str | None


@router.get("")
async def devices(
    city: str,
    state: ApiState,
    lang: LangQuery = None,
    system: Annotated[str | None, Query(max_length=64, description="Of this system only")] = None,
    after: Annotated[str | None, Query(max_length=200, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Devices:
    """The registered devices of a city, by system and device."""
    await require_city(state, city)
    columns = [registered_device.c[name] for name in KEY]
    same = sa.and_(*(source_registry.c[name] == registered_device.c[name] for name in KEY))
    query = (
        sa.select(registered_device, source_registry.c.interval_s)
        .outerjoin(source_registry, same)
        .where(registered_device.c.city == city, sa.tuple_(*columns) > (city, *_place(after)))
        .order_by(*columns)
        .limit(limit + 1)
    )
    if system is not None:
        query = query.where(registered_device.c.system == system)
    async with state.engine.connect() as connection:
        rows = (await connection.execute(query)).mappings().all()
    shown = [_device(row, lang) for row in rows[:limit]]
    return Devices(devices=shown, next=f"{shown[-1].system}/{shown[-1].device}" if len(rows) > limit else None)


def _place(after: str | None) -> tuple[str, str]:
    """From `system/device`. Raises SourceCursorError."""
    if after is None:
        return "", ""
    system, slash, device = after.partition("/")
    if not slash:
        raise SourceCursorError(after=after)
    return system, device


def _device(row: Any, lang: LangQuery) -> RegisteredDevice:
    channels = [_channel(name, stated, lang) for name, stated in row["channels"].items() if stated and name != REST]
    return RegisteredDevice.model_validate({**row, "channels": channels})


def _channel(name: str, stated: dict[str, Any], lang: LangQuery) -> DeviceChannel:
    quantity = QUANTITIES[stated["quantity"]]
    names = quantity.name.model_dump()
    return DeviceChannel(
        channel=stated.get("channel") or name,
        quantity=stated["quantity"],
        quantity_name=in_language(names, lang),
        unit=quantity.unit,
    )
