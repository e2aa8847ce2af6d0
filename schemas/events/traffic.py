"""Facts of traffic management (annex 2, initiative 6): speeds, journeys, jams, road accidents, incidents removed.

They feed KPIs 6.1, 6.2, 6.3, 6.4 and 6.7 (annex 4, table 6). No event says whose car it was.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.events.checks import in_order
from schemas.events.envelope import Data, EventClass, Name, Timestamp

FASTEST_MM_S = 70_000
"""252 km/h: what is faster is a wrong reading."""
LONGEST_STRETCH = timedelta(hours=1)


class _Traffic(Data):
    system: ClassVar[str | None] = "traffic"
    event_class: ClassVar[EventClass] = "telemetry"


class SpeedMeasured(_Traffic):
    """How fast traffic moved on a route."""

    type_name: ClassVar[str] = "kz.ahual.traffic.speed-measured.v1"
    title: ClassVar[dict[str, str]] = {"kk": "Жылдамдық өлшенді", "ru": "Скорость измерена", "en": "Speed measured"}
    measuring: ClassVar[bool] = True
    channel_fields: ClassVar[tuple[str, ...]] = ("route",)

    route: Name
    speed_mm_s: Annotated[int, Field(ge=0, le=FASTEST_MM_S)]
    """Millimetres a second; 10,000 is 36 km/h."""
    peak: bool
    """In the city's peak hours, as traffic management has set them."""
    measured_at: Timestamp


class RouteTravelled(_Traffic):
    """A journey over a route was timed, by a probe vehicle or by detectors at both ends."""

    type_name: ClassVar[str] = "kz.ahual.traffic.route-travelled.v1"
    title: ClassVar[dict[str, str]] = {"kk": "Бағыт жүріп өтілді", "ru": "Маршрут проехан", "en": "Route travelled"}

    route: Name
    length_m: Annotated[int, Field(ge=1, le=1_000_000)]
    departed_at: Timestamp
    arrived_at: Timestamp

    @model_validator(mode="after")
    def _possible(self) -> Self:
        in_order(self, "departed_at", "arrived_at")
        if self.length_m * 1000 > FASTEST_MM_S * (self.arrived_at - self.departed_at).total_seconds():
            raise ValueError("length_m in this time is faster than 70 m/s")
        return self


class SegmentObserved(_Traffic):
    """For how long a road segment was jammed, or was not. The stretches of one segment must not overlap."""

    type_name: ClassVar[str] = "kz.ahual.traffic.segment-observed.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Жол учаскесі бақыланды",
        "ru": "Участок дороги под наблюдением",
        "en": "Road segment observed",
    }

    segment: Name
    jammed: bool
    """By traffic management's own threshold, all the time from begun_at to ended_at."""
    begun_at: Timestamp
    ended_at: Timestamp

    @model_validator(mode="after")
    def _one_stretch(self) -> Self:
        if not timedelta(0) < self.ended_at - self.begun_at <= LONGEST_STRETCH:
            raise ValueError("ended_at must lie after begun_at, at most 1 hour")
        return self


class RoadAccidentRegistered(_Traffic):
    """The road police registered a road accident."""

    type_name: ClassVar[str] = "kz.ahual.traffic.road-accident-registered.v1"
    event_class: ClassVar[EventClass] = "department"
    title: ClassVar[dict[str, str]] = {
        "kk": "Жол-көлік оқиғасы тіркелді",
        "ru": "ДТП зарегистрировано",
        "en": "Road accident registered",
    }

    accident: Name
    injured: Annotated[int, Field(ge=0, le=10_000)]
    killed: Annotated[int, Field(ge=0, le=10_000)]
    occurred_at: Timestamp


class IncidentCleared(_Traffic):
    """An incident on the road was removed and traffic runs again."""

    type_name: ClassVar[str] = "kz.ahual.traffic.incident-cleared.v1"
    event_class: ClassVar[EventClass] = "department"
    title: ClassVar[dict[str, str]] = {
        "kk": "Жолдағы оқиға жойылды",
        "ru": "Инцидент на дороге устранён",
        "en": "Road incident cleared",
    }

    incident: Name
    kind: Literal["accident", "breakdown", "obstacle", "traffic_light", "other"]
    detected_at: Timestamp
    cleared_at: Timestamp

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        in_order(self, "detected_at", "cleared_at")
        return self


TYPES: tuple[type[Data], ...] = (
    SpeedMeasured,
    RouteTravelled,
    SegmentObserved,
    RoadAccidentRegistered,
    IncidentCleared,
)
