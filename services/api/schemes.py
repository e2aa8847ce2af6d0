"""Mnemonic schemes: a network as nodes and pipes, what flows in them, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.catalogue import Text
from schemas.features import Network
from schemas.observed import GRANULE, WHOLE
from schemas.quantities import QUANTITIES
from schemas.retention import OBSERVATIONS_KEPT
from schemas.tables import observation
from services.api import observed
from services.api.cities import require_city
from services.api.errors import MapTimeError, NoSchemeError
from services.api.examples import SCHEME
from services.api.language import LangQuery, in_language
from services.api.layers import At, City
from services.api.observed import Channel, Place, Span, Value
from services.api.state import ApiState
from services.runtime.messages import LANGUAGES, text

router = APIRouter(prefix="/api/v1/schemes", tags=["map"])
SILENT: Final = timedelta(hours=2)
"""A channel that said nothing for so long is silent."""
AlarmKind = Literal["low", "high", "silent", "outage"]


class Measured(BaseModel):
    """The newest value of one quantity, in the quantity's own unit."""

    quantity: str
    quantity_name: Text | str
    unit: str | None
    value: float | None = Field(description="null: silent for two hours")
    time: datetime | None
    least: float | None = Field(description="below it is an alarm")
    most: float | None = Field(description="above it is an alarm")


class Alarm(BaseModel):
    """Something wrong. `object` is a node's or pipe's id; an outage has none."""

    kind: AlarmKind
    text: Text | str
    object: str | None
    quantity: str | None
    value: float | None
    district: str | None
    since: datetime | None = Field(description="time of the value, or when the outage began")


class SchemeNode(BaseModel):
    """A node, with its place in degrees."""

    id: str
    name: Text | str
    role: str | None
    district: str | None
    critical: bool
    longitude: float
    latitude: float
    values: list[Measured]


class SchemeEdge(BaseModel):
    """A pipe; what flows flows from `from_node` to `to_node`."""

    id: str
    name: Text | str
    from_node: str
    to_node: str
    district: str | None
    diameter_mm: float | None
    values: list[Measured]


class Scheme(BaseModel):
    """A network at an instant."""

    model_config = ConfigDict(json_schema_extra={"example": SCHEME})
    network: Network
    city: str
    at: datetime
    updated: datetime | None
    label: Literal["operational_estimate"] = "operational_estimate"
    nodes: list[SchemeNode]
    edges: list[SchemeEdge]
    alarms: list[Alarm]


@router.get("/{network}")
async def scheme(network: Network, city: City, state: ApiState, lang: LangQuery = None, at: At = None) -> Scheme:
    """The network of a city with its newest flows, pressures and temperatures, limits and open outages."""
    await require_city(state, city)
    now = state.clock()
    if at is not None and not now - OBSERVATIONS_KEPT <= at <= now:
        raise MapTimeError(days=OBSERVATIONS_KEPT.days)
    until = at - GRANULE if at else now
    async with state.engine.connect() as connection:
        nodes = await observed.things(connection, city, [f"{network}_node"], None, until)
        edges = await observed.things(connection, city, [f"{network}_edge"], None, until)
        if not nodes:
            raise NoSchemeError(network=network)
        channels = [channel for place in (*nodes, *edges) for channel in place.channels]
        values = await observed.newest(connection, city, channels, Span(until - SILENT, until))
        outages = await _outages(connection, city, network, until)
    alarms = [alarm for place in (*nodes, *edges) for alarm in _alarms(place, values)]
    found = Scheme(
        network=network,
        city=city,
        at=at or now,
        updated=max((value.time for value in values.values()), default=None),
        nodes=[_node(place, values) for place in nodes],
        edges=[_edge(place, values) for place in edges],
        alarms=[*outages, *alarms],
    )
    return found if lang is None else Scheme.model_validate(in_language(found.model_dump(mode="json"), lang))


def _node(place: Place, values: Mapping[Channel, Value]) -> SchemeNode:
    longitude, latitude = place.geometry["coordinates"][:2]
    return SchemeNode(
        **_common(place, values),
        role=place.properties.get("role"),
        critical=place.critical,
        longitude=longitude,
        latitude=latitude,
    )


def _edge(place: Place, values: Mapping[Channel, Value]) -> SchemeEdge:
    own = {name: place.properties.get(name) for name in ("from_node", "to_node", "diameter_mm")}
    return SchemeEdge.model_validate({**_common(place, values), **own})


def _common(place: Place, values: Mapping[Channel, Value]) -> dict[str, Any]:
    return {
        "id": place.id.partition("/")[2],
        "name": place.name,
        "district": place.district,
        "values": [_measured(place, channel, values.get(channel)) for channel in place.channels],
    }


def _measured(place: Place, channel: Channel, value: Value | None) -> Measured:
    quantity = QUANTITIES[channel.quantity or ""]
    limits = place.properties.get("limits", {}).get(channel.quantity, {})
    return Measured(
        quantity=channel.quantity or "",
        quantity_name=Text.model_validate(quantity.name.model_dump()),
        unit=quantity.unit,
        value=value and value.value,
        time=value and value.time,
        least=limits.get("least"),
        most=limits.get("most"),
    )


def _alarms(place: Place, values: Mapping[Channel, Value]) -> Iterator[Alarm]:
    for channel in place.channels:
        one = _measured(place, channel, values.get(channel))
        if one.value is None:
            yield _alarm("silent", place, one)
        elif one.least is not None and one.value < one.least:
            yield _alarm("low", place, one)
        elif one.most is not None and one.value > one.most:
            yield _alarm("high", place, one)


def _alarm(kind: AlarmKind, place: Place, one: Measured) -> Alarm:
    names = one.quantity_name.model_dump() if isinstance(one.quantity_name, Text) else {}
    said = {lang: text(f"api.alarm_{kind}", lang, quantity=names.get(lang, one.quantity)) for lang in LANGUAGES}
    return Alarm(
        kind=kind,
        text=Text.model_validate(said),
        object=place.id.partition("/")[2],
        quantity=one.quantity,
        value=one.value,
        district=place.district,
        since=one.time,
    )


async def _outages(connection: AsyncConnection, city: str, network: Network, until: datetime) -> list[Alarm]:
    """Those that began within the last 14 days and were not restored."""
    columns = observation.c
    newest = (
        sa.select(columns.object, columns.channel, columns.time, columns.value)
        .ext(distinct_on(columns.object))
        .where(columns.city == city, columns.kind == f"{network}_outage", columns.bucket <= until)
        .where(columns.bucket > until - OBSERVATIONS_KEPT)
        .order_by(columns.object, columns.time.desc())
        .subquery()
    )
    rows = await connection.execute(sa.select(newest).where(newest.c.value == 1).order_by(newest.c.time.desc()))
    said = Text.model_validate({lang: text("api.alarm_outage", lang) for lang in LANGUAGES})
    return [
        Alarm(
            kind="outage",
            text=said,
            object=None,
            quantity=None,
            value=None,
            district=None if row.channel == WHOLE else row.channel,
            since=row.time,
        )
        for row in rows
    ]
