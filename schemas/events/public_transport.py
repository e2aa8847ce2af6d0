"""Facts of public transport (annex 2, initiative 4): trips, stops served, fares, accidents.

They feed KPIs 1.16, 4.1, 4.2, 4.3, 4.5, 4.7 and 8.5 (annex 4, tables 1, 4 and 8).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.events.checks import in_order
from schemas.events.envelope import Data, EventClass, Name, Timestamp

LONGEST_INTERVAL = timedelta(hours=3)
"""What lies further apart is a pause in the service, and nobody waits through it."""
People = Annotated[int, Field(ge=0, le=10_000)]


class _PublicTransport(Data):
    system: ClassVar[str | None] = "public-transport"
    event_class: ClassVar[EventClass] = "department"

    route: Name


class TripCompleted(_PublicTransport):
    """A vehicle ran a trip of its route from end to end."""

    type_name: ClassVar[str] = "kz.ahual.public-transport.trip-completed.v1"
    title: ClassVar[dict[str, str]] = {"kk": "Рейс аяқталды", "ru": "Рейс выполнен", "en": "Trip completed"}

    trip: Name
    vehicle: Name
    started_at: Timestamp
    ended_at: Timestamp
    on_schedule: bool
    """By the transport system's own tolerance."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        in_order(self, "started_at", "ended_at")
        return self


class TripCancelled(_PublicTransport):
    """A trip of the schedule was not run."""

    type_name: ClassVar[str] = "kz.ahual.public-transport.trip-cancelled.v1"
    title: ClassVar[dict[str, str]] = {"kk": "Рейс орындалмады", "ru": "Рейс отменён", "en": "Trip cancelled"}

    trip: Name
    planned_at: Timestamp
    """When it should have started."""
    reason: Literal["vehicle", "driver", "road", "weather", "other"]


class StopServed(_PublicTransport):
    """A vehicle left a stop; who takes the route there had waited since the one before."""

    type_name: ClassVar[str] = "kz.ahual.public-transport.stop-served.v1"
    row_key: ClassVar[tuple[str, ...] | None] = ("route", "stop", "trip")
    title: ClassVar[dict[str, str]] = {
        "kk": "Көлік аялдамадан өтті",
        "ru": "Остановка обслужена",
        "en": "Stop served",
    }

    stop: Name
    trip: Name
    previous_at: Timestamp | None = None
    """When the vehicle before left this stop on this route; absent for the first one after a pause in the service."""
    departed_at: Timestamp

    @model_validator(mode="after")
    def _one_interval(self) -> Self:
        in_order(self, "previous_at", "departed_at")
        if self.previous_at is not None and self.departed_at - self.previous_at > LONGEST_INTERVAL:
            raise ValueError("more than 3 hours since previous_at: leave it out after a pause in the service")
        return self


class FaresCollected(_PublicTransport):
    """How many passengers a vehicle carried on a trip, and how they paid."""

    type_name: ClassVar[str] = "kz.ahual.public-transport.fares-collected.v1"
    row_key: ClassVar[tuple[str, ...] | None] = ("route", "vehicle")
    title: ClassVar[dict[str, str]] = {
        "kk": "Жол ақысы жиналды",
        "ru": "Оплата проезда собрана",
        "en": "Fares collected",
    }

    vehicle: Name
    trip: Name | None = None
    began_at: Timestamp
    ended_at: Timestamp
    passengers: People
    """All who were carried, those who ride free of charge included."""
    cash: People
    cashless: People

    @model_validator(mode="after")
    def _add_up(self) -> Self:
        in_order(self, "began_at", "ended_at")
        if self.cash + self.cashless > self.passengers:
            raise ValueError("cash and cashless together are more than passengers")
        return self


class AccidentOccurred(_PublicTransport):
    """A vehicle in service had an accident, or an incident that was none."""

    type_name: ClassVar[str] = "kz.ahual.public-transport.accident-occurred.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Көлікпен апат немесе оқиға болды",
        "ru": "Авария или инцидент с транспортом",
        "en": "Accident or incident of a vehicle",
    }

    accident: Name
    vehicle: Name
    kind: Literal["accident", "incident"]
    """`incident`: a breakdown, a fall, a quarrel; no accident."""
    injured: People
    occurred_at: Timestamp


TYPES: tuple[type[Data], ...] = (TripCompleted, TripCancelled, StopServed, FaresCollected, AccidentOccurred)
