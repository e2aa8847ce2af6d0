"""Drawing a layer: places, their values, the legend's step. What was drawn a moment ago is drawn again for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import blake2b
from typing import Any, Final, Literal, NamedTuple

from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.catalogue import Kpi, Text
from schemas.layers import LayerRule, load_layers
from services.api import observed
from services.api.district_kpis import by_district, kpis_by_district
from services.api.hub import as_json
from services.api.observed import Channel, Place, Span, Value

FRESH: Final = timedelta(seconds=2)
"""How long a drawing of now is given out again; one of the past holds for `STANDING`."""
STANDING: Final = timedelta(minutes=1)
MOST: Final = 256
"""Drawings that are kept."""
Box = tuple[float, float, float, float]


class Properties(BaseModel):
    """What is shown of an object, beside what the city says of it."""

    model_config = {"extra": "allow"}
    name: Text | str
    district: str | None
    value: float | None = Field(description="in the layer's unit; null: nothing (recent enough) is known")
    time: datetime | None = Field(description="when the value was observed")
    step: int | None = Field(description="position in the layer's legend")
    critical: bool = Field(description="counts for KPI 1.5")


class Feature(BaseModel):
    """A GeoJSON feature; `id` is what `/objects/` takes."""

    type: Literal["Feature"]
    id: str
    geometry: dict[str, Any]
    properties: Properties


class Wanted(NamedTuple):
    """A drawing. `until` is the last ten minutes that count for a past one, None for now."""

    city: str
    layer: str
    until: datetime | None
    kpi: str | None


class Body(NamedTuple):
    """As it is sent."""

    json: str
    hash: str


class Drawn:
    """A layer of a city at an instant."""

    def __init__(self, head: dict[str, Any], features: list[dict[str, Any]], updated: datetime | None) -> None:
        self._head = head
        self.features = features
        self.updated = updated

    @cached_property
    def body(self) -> Body:
        """The whole layer."""
        return self._body(self.features)

    def within(self, box: Box) -> Body:
        """What touches a box."""
        return self._body([one for one in self.features if _touches(one["geometry"], box)])

    def _body(self, features: list[dict[str, Any]]) -> Body:
        shown = as_json({**self._head, "updated": self.updated and self.updated.isoformat(), "features": features})
        # What it shows is told from when it was asked: the same objects and values are the same answer.
        same = as_json([self._head | {"at": None}, features])
        return Body(shown, blake2b(same.encode(), digest_size=12).hexdigest())


class LayerReader:
    """Reads layers; one of each at a time, so that many readers of a new one are one reading."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._drawn: dict[Wanted, tuple[datetime, Drawn]] = {}
        self._reading: dict[Wanted, asyncio.Lock] = {}
        self._kpis: dict[str, tuple[datetime, list[str]]] = {}

    async def read(self, wanted: Wanted, now: datetime, kpi: Kpi | None = None) -> Drawn:
        """The layer as it is wanted, not older than `FRESH`; `kpi` is the one that `wanted` names."""
        lock = self._reading.setdefault(wanted, asyncio.Lock())
        async with lock:
            made, drawn = self._drawn.get(wanted, (None, None))
            if made is None or drawn is None or now - made > (FRESH if wanted.until is None else STANDING):
                drawn = await self._draw(wanted, now, kpi)
                self._keep(wanted, now, drawn)
        if not lock.locked():
            self._reading.pop(wanted, None)
        return drawn

    async def kpis(self, city: str, now: datetime, kpis: Iterable[Kpi]) -> list[str]:
        """Codes of those with figures by district, not older than `STANDING`."""
        read, known = self._kpis.get(city, (None, []))
        if read is None or now - read > STANDING:
            async with self._engine.connect() as connection:
                known = await kpis_by_district(connection, city, kpis, now)
            self._kpis[city] = (now, known)
        return known

    def _keep(self, wanted: Wanted, now: datetime, drawn: Drawn) -> None:
        self._drawn.pop(wanted, None)
        while len(self._drawn) >= MOST:
            self._drawn.pop(next(iter(self._drawn)))
        self._drawn[wanted] = (now, drawn)

    async def _draw(self, wanted: Wanted, now: datetime, kpi: Kpi | None) -> Drawn:
        rule = load_layers().layers[wanted.layer]
        at = wanted.until or now
        async with self._engine.connect() as connection:
            places = await _places(connection, wanted.city, rule, at)
            if kpi is not None:
                features = await _by_kpi(connection, wanted.city, kpi, rule, places, at)
            elif rule.value.property is not None:
                features = [_feature(rule, one, one.properties.get(rule.value.property), None) for one in places]
            else:
                features = await _by_value(connection, wanted.city, rule, places, Span(at, at))
        head = {
            "type": "FeatureCollection",
            "layer": wanted.layer,
            "city": wanted.city,
            "at": at.isoformat(),
            "label": "operational_estimate",
            "kpi": wanted.kpi,
        }
        times = [one["properties"]["time"] for one in features if one["properties"]["time"]]
        return Drawn(head, features, max(map(datetime.fromisoformat, times), default=None))


async def _places(connection: AsyncConnection, city: str, rule: LayerRule, at: datetime) -> list[Place]:
    if rule.places.devices:
        return await observed.devices(connection, city, rule.places.devices, rule.value.quantity, at)
    found = await observed.things(connection, city, rule.places.things, rule.value.quantity, at)
    if rule.value.channel is None:
        return found
    return [one._replace(channels=(observed.own_channel(one, rule.value.channel),)) for one in found]


async def _by_value(
    connection: AsyncConnection, city: str, rule: LayerRule, places: list[Place], span: Span
) -> list[dict[str, Any]]:
    read = observed.counts if rule.value.of == "count" else observed.newest
    channels = dict.fromkeys(channel for place in places for channel in place.channels)
    values = await read(connection, city, channels, span.back(rule.value.within_h))
    return [_feature(rule, place, *_shown(rule, place, values, span.until)) for place in places]


def _shown(
    rule: LayerRule, place: Place, values: Mapping[Channel, Value], at: datetime
) -> tuple[float | None, datetime | None]:
    """Value and its time: of several channels the newest."""
    found = [values[channel] for channel in place.channels if channel in values]
    if not found:
        return (0.0, None) if rule.value.of == "count" else (None, None)
    newest = max(found, key=lambda value: value.time)
    if rule.value.of == "age":
        return max(0.0, (at - newest.time) / timedelta(hours=1)), newest.time
    return newest.value * rule.value.scale, newest.time


async def _by_kpi(
    connection: AsyncConnection, city: str, kpi: Kpi, rule: LayerRule, places: list[Place], at: datetime
) -> list[dict[str, Any]]:
    found = await by_district(connection, city, kpi, at)
    features = []
    for place in places:
        score = found.get(place.id.partition("/")[2])
        feature = _feature(rule, place, score and score.value, score and at, step_by=score and score.attainment)
        feature["properties"] |= {"attainment": score and score.attainment}
        features.append(feature)
    return features


def _feature(
    rule: LayerRule, place: Place, value: float | None, time: datetime | None, step_by: float | None = None
) -> dict[str, Any]:
    judged = step_by if rule.value.of == "kpi" else value
    return {
        "type": "Feature",
        "id": place.id,
        "geometry": place.geometry,
        "properties": {
            **place.properties,
            "name": place.name,
            "district": place.district,
            "value": None if value is None else round(value, 3),
            "time": time and time.isoformat(),
            "step": rule.step(judged),
            "critical": place.critical,
        },
    }


def _touches(geometry: Mapping[str, Any], box: Box) -> bool:
    """Whether the box around it meets this one."""
    west, south, east, north = box
    points = list(_points(geometry["coordinates"]))
    longitudes: list[float] = [point[0] for point in points]
    latitudes: list[float] = [point[1] for point in points]
    return min(longitudes) <= east and max(longitudes) >= west and min(latitudes) <= north and max(latitudes) >= south


def _points(coordinates: Any) -> Iterator[Any]:
    if isinstance(coordinates[0], (int, float)):
        yield coordinates
    else:
        for part in coordinates:
            yield from _points(part)
