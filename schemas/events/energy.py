"""Facts of the energy monitoring of public institutions' buildings (KPI 1.21 of annex 4)."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Final, Literal, Self

from pydantic import model_validator

from schemas.events.envelope import Data, EventClass, Name, Timestamp
from schemas.events.metering import Consumption

LONGEST: Final = timedelta(days=31)


class ConsumptionMetered(Data):
    """How much energy of one carrier a public institution's building took over a stretch of time.

    Stretches of one building and carrier must not overlap.
    """

    type_name: ClassVar[str] = "kz.ahual.energy.consumption-metered.v1"
    row_key: ClassVar[tuple[str, ...] | None] = ("building", "carrier")
    system: ClassVar[str | None] = "energy"
    event_class: ClassVar[EventClass] = "department"
    stretch: ClassVar[tuple[str, str] | None] = ("begun_at", "ended_at")
    title: ClassVar[dict[str, str]] = {
        "kk": "Ғимараттың энергия тұтынуы өлшенді",
        "ru": "Энергопотребление здания измерено",
        "en": "Building's energy consumption metered",
    }

    building: Name
    carrier: Literal["electricity", "heat", "gas", "solid_fuel", "liquid_fuel"]
    """Fuels by their heating value."""
    consumption_wh: Consumption
    begun_at: Timestamp
    ended_at: Timestamp

    @model_validator(mode="after")
    def _one_stretch(self) -> Self:
        if not timedelta(0) < self.ended_at - self.begun_at <= LONGEST:
            raise ValueError("ended_at lies after begun_at, at most 31 days")
        return self


TYPES: tuple[type[Data], ...] = (ConsumptionMetered,)
