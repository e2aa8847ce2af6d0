"""Facts of smart stops (annex 2, initiative 8): vehicles that came, and since when people had waited for them.

They feed KPI 8.2 (annex 4, table 8); what stops are equipped with are dated totals.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from schemas.events.checks import in_order
from schemas.events.envelope import Data, EventClass, Name, Timestamp

LONGEST_WAIT = timedelta(hours=3)


class VehicleArrived(Data):
    """A vehicle came to a smart stop and took on who was waiting for its route."""

    type_name: ClassVar[str] = "kz.ahual.smart-stops.vehicle-arrived.v1"
    system: ClassVar[str | None] = "smart-stops"
    event_class: ClassVar[EventClass] = "telemetry"
    title: ClassVar[dict[str, str]] = {
        "kk": "Көлік ақылды аялдамаға келді",
        "ru": "Транспорт прибыл на умную остановку",
        "en": "Vehicle arrived at a smart stop",
    }

    stop: Name
    route: Name
    boarded: Annotated[int, Field(ge=0, le=1000)]
    waiting_since_at: Timestamp | None = None
    """The mean moment at which those who boarded had come to the stop; absent when nobody boarded."""
    arrived_at: Timestamp

    @model_validator(mode="after")
    def _waited(self) -> Self:
        in_order(self, "waiting_since_at", "arrived_at")
        if (self.waiting_since_at is None) != (self.boarded == 0):
            raise ValueError("waiting_since_at is stated exactly when somebody boarded")
        if self.waiting_since_at is not None and self.arrived_at - self.waiting_since_at > LONGEST_WAIT:
            raise ValueError("nobody waits for more than 3 hours: waiting_since_at is wrong")
        return self


TYPES: tuple[type[Data], ...] = (VehicleArrived,)
