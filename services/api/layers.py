"""The map: its layers as GeoJSON, now or at a past instant, and the telemetry of one object."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from schemas.catalogue import Text
from schemas.layers import LayerRule, load_layers
from schemas.observed import GRANULE
from schemas.quantities import QUANTITIES
from schemas.retention import OBSERVATIONS_KEPT
from schemas.shown import Layer, LayerStep
from services.api import observed
from services.api.cities import require_city
from services.api.districts import opening
from services.api.errors import BboxError, MapTimeError, UnknownLayerError, UnknownObjectError
from services.api.examples import FEATURES, TELEMETRY
from services.api.kpis import require_kpi
from services.api.language import LangQuery, in_language
from services.api.layer_reader import Drawn, Feature, Wanted
from services.api.moments import Moment
from services.api.observed import Channel, Place, Span
from services.api.state import ApiState, State

router = APIRouter(prefix="/api/v1/layers", tags=["map"])
City = Annotated[str, Query(max_length=64, description="The city's code", examples=["karaganda"])]
At = Annotated[Moment | None, Query(description="State at this instant, to 10 minutes, up to 14 days back")]
Box = Annotated[
    str | None, Query(max_length=100, description="west,south,east,north in degrees", examples=["73,49.7,73.2,49.9"])
]


class FeatureCollection(BaseModel):
    """GeoJSON (RFC 7946). `at` is the instant that is shown, `updated` the newest value in it."""

    model_config = ConfigDict(json_schema_extra={"example": FEATURES})
    type: Literal["FeatureCollection"]
    layer: str
    city: str
    at: datetime
    updated: datetime | None
    label: Literal["operational_estimate"]
    kpi: str | None = Field(default=None, description="of the layer that is coloured by a KPI")
    features: list[Feature]


class Points(BaseModel):
    """One channel of an object: `[time, value]`, the newest of every ten minutes, oldest first."""

    channel: str
    device: str | None = Field(description="who measures it, as system/device; null: events of a system say it")
    quantity: str | None
    quantity_name: Text | str | None
    unit: str | None
    points: list[tuple[datetime, float]]


class ObjectTelemetry(BaseModel):
    """An object of the map with what was observed of it."""

    model_config = ConfigDict(json_schema_extra={"example": TELEMETRY})
    id: str
    name: Text | str
    district: str | None
    critical: bool
    geometry: dict[str, Any]
    properties: dict[str, Any]
    begin: datetime
    end: datetime
    channels: list[Points]


@router.get("")
async def layers(
    state: ApiState,
    lang: LangQuery = None,
    city: Annotated[str | None, Query(max_length=64, description="With it: count and updated of this city")] = None,
) -> list[Layer]:
    """The layers of the map, with their legends."""
    if city is not None:
        await require_city(state, city)
    rules = load_layers().layers
    drawn = {code: await _drawn(state, code, city, None, None) for code in rules} if city else {}
    return [_listed(code, rule, drawn.get(code), lang) for code, rule in rules.items()]


def _listed(code: str, rule: LayerRule, drawn: Drawn | None, lang: LangQuery) -> Layer:
    names = load_layers().units
    texts = {"name": rule.name, "shown": rule.shown, "unit_name": names[rule.unit] if rule.unit else None}
    spoken: dict[str, Any] = {key: in_language(text and text.model_dump(), lang) for key, text in texts.items()}
    return Layer(
        code=code,
        url=f"/api/v1/layers/{code}?city={{city}}",
        geometry=rule.geometry,
        unit=rule.unit,
        value_of=rule.value.of,
        within_h=None if rule.value.of in ("kpi", "stated") else rule.value.within_h,
        steps=[
            LayerStep(below=step.below, colour=step.colour, name=in_language(step.name.model_dump(), lang))
            for step in rule.steps
        ],
        count=drawn and len(drawn.features),
        updated=drawn and drawn.updated,
        **spoken,
    )


@router.get(
    "/{layer}",
    response_model=FeatureCollection,
    responses={200: {"content": {"application/geo+json": {"example": FEATURES}}}, 304: {"description": "Unchanged"}},
)
async def layer(
    layer: str,
    city: City,
    request: Request,
    state: ApiState,
    bbox: Box = None,
    at: At = None,
    kpi: Annotated[str | None, Query(max_length=20, description="Of the layer `districts`", examples=["1.11"])] = None,
) -> Response:
    """The layer's objects with their values: now, or as they were at a past instant."""
    await require_city(state, city)
    _rule(layer)
    drawn = await _drawn(state, layer, city, at, kpi)
    body = drawn.within(_box(bbox)) if bbox else drawn.body
    etag = f'"{body.hash}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache" if at is None else "private, max-age=60"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body.json, media_type="application/geo+json", headers=headers)


@router.get(
    "/{layer}/objects/{object:path}", responses={200: {"content": {"application/json": {"example": TELEMETRY}}}}
)
async def telemetry(
    layer: str,
    object: str,  # noqa: A002  # the route's own word
    city: City,
    state: ApiState,
    lang: LangQuery = None,
    begin: Annotated[Moment | None, Query(alias="from", description="Default: 24 hours before `to`")] = None,
    end: Annotated[Moment | None, Query(alias="to", description="Default: now")] = None,
) -> ObjectTelemetry:
    """What was observed of one object of a layer: every channel, the newest value of every ten minutes."""
    await require_city(state, city)
    rule, now = _rule(layer), state.clock()
    span = _span(begin, end, now)
    async with state.engine.connect() as connection:
        places = await _everything(connection, city, rule, span.until)
        place = next((one for one in places if one.id == object), None)
        if place is None:
            raise UnknownObjectError(object=object[:200], layer=layer)
        values = await observed.past(connection, city, place.channels, span) if place.channels else []
    return ObjectTelemetry(
        **{name: getattr(place, name) for name in ("id", "district", "critical", "geometry", "properties")},
        name=in_language(place.name, lang),
        begin=span.since,
        end=span.until,
        channels=[_points(rule, channel, values, lang) for channel in place.channels],
    )


async def _everything(connection: Any, city: str, rule: LayerRule, at: datetime) -> list[Place]:
    """The layer's places with every channel that says something of them."""
    if rule.places.devices:
        return await observed.devices(connection, city, rule.places.devices, list(QUANTITIES), at)
    found = await observed.things(connection, city, rule.places.things, None, at)
    own = [rule.value.channel] if rule.value.channel else []
    return [one._replace(channels=(*(observed.own_channel(one, name) for name in own), *one.channels)) for one in found]


def _points(rule: LayerRule, channel: Channel, values: list[observed.Value], lang: LangQuery) -> Points:
    quantity = QUANTITIES[channel.quantity] if channel.quantity else None
    return Points(
        channel=channel.channel,
        device=channel.object if quantity else None,
        quantity=channel.quantity,
        quantity_name=in_language(quantity.name.model_dump(), lang) if quantity else None,
        unit=quantity.unit if quantity else rule.unit,
        points=[(one.time, one.value) for one in values if one.channel == channel],
    )


def _span(begin: datetime | None, end: datetime | None, now: datetime) -> Span:
    """The time asked for. Raises MapTimeError."""
    until = end or now
    since = begin or until - timedelta(days=1)
    if since >= until or since < now - OBSERVATIONS_KEPT - timedelta(days=1):
        raise MapTimeError(days=OBSERVATIONS_KEPT.days)
    return Span(since, until)


async def _drawn(state: State, code: str, city: str, at: datetime | None, kpi: str | None) -> Drawn:
    now = state.clock()
    if at is not None and not now - OBSERVATIONS_KEPT <= at <= now:
        raise MapTimeError(days=OBSERVATIONS_KEPT.days)
    rule = _rule(code)
    by_kpi = rule.value.of == "kpi"
    chosen = require_kpi(state.catalogue, kpi or await opening(state, city))[1] if by_kpi else None
    wanted = Wanted(city, code, at and at - GRANULE, chosen.code if chosen else None)
    return await state.layers.read(wanted, now, chosen)


def _rule(code: str) -> LayerRule:
    rule = load_layers().layers.get(code)
    if rule is None:
        raise UnknownLayerError(layer=code[:100])
    return rule


def _box(given: str) -> tuple[float, float, float, float]:
    """From `west,south,east,north`. Raises BboxError."""
    try:
        west, south, east, north = (float(part) for part in given.split(","))
    except ValueError:
        raise BboxError(bbox=given) from None
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise BboxError(bbox=given)
    return west, south, east, north
