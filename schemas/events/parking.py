"""Facts of the parking system (annex 2, initiative 5): how full car parks are, who parked, paid, or did not.

They feed KPIs 5.2, 5.3, 5.4, 5.5 and 5.7 (annex 4, table 5).
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.events.checks import in_order
from schemas.events.envelope import Data, EventClass, Name, Plate, Timestamp


class _Parking(Data):
    system: ClassVar[str | None] = "parking"
    event_class: ClassVar[EventClass] = "department"


class OccupancyObserved(_Parking):
    """How many places of a car park were occupied at a moment; sent at equal intervals."""

    type_name: ClassVar[str] = "kz.ahual.parking.occupancy-observed.v1"
    event_class: ClassVar[EventClass] = "telemetry"
    title: ClassVar[dict[str, str]] = {
        "kk": "Тұрақтың толуы өлшенді",
        "ru": "Заполненность парковки измерена",
        "en": "Occupancy observed",
    }
    measuring: ClassVar[bool] = True
    channel_fields: ClassVar[tuple[str, ...]] = ("car_park",)

    car_park: Name
    occupied: Annotated[int, Field(ge=0, le=100_000)]
    places: Annotated[int, Field(ge=1, le=100_000)]
    observed_at: Timestamp

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.occupied > self.places:
            raise ValueError("more places occupied than there are")
        return self


class CarParked(_Parking):
    """A car drove in and found a place."""

    type_name: ClassVar[str] = "kz.ahual.parking.car-parked.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Көлік тұраққа қойылды",
        "ru": "Автомобиль припаркован",
        "en": "Car parked",
    }

    stay: Name
    car_park: Name
    plate: Plate | None = None
    entered_at: Timestamp
    parked_at: Timestamp

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        in_order(self, "entered_at", "parked_at")
        return self


class ParkingPaid(_Parking):
    """Parking was paid for."""

    type_name: ClassVar[str] = "kz.ahual.parking.parking-paid.v1"
    title: ClassVar[dict[str, str]] = {"kk": "Тұрақ ақысы төленді", "ru": "Парковка оплачена", "en": "Parking paid"}

    payment: Name
    car_park: Name
    stay: Name | None = None
    plate: Plate | None = None
    channel: Literal["online", "terminal", "cash"]
    """`online`: app, web page or SMS; `terminal`: a machine at the car park, whatever it takes."""
    amount_tiyn: Annotated[int, Field(ge=1, le=10**10)]
    paid_at: Timestamp


class ViolationRecorded(_Parking):
    """Somebody parked against the rules."""

    type_name: ClassVar[str] = "kz.ahual.parking.violation-recorded.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Тұрақ ережесі бұзылды",
        "ru": "Нарушение парковки зафиксировано",
        "en": "Parking violation recorded",
    }

    violation: Name
    kind: Literal["unpaid", "overstayed", "reserved_place", "no_parking", "other"]
    car_park: Name | None = None
    """Absent in the street."""
    plate: Plate | None = None
    recorded_at: Timestamp


TYPES: tuple[type[Data], ...] = (OccupancyObserved, CarParked, ParkingPaid, ViolationRecorded)
