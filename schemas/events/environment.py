"""Facts of the ecology department's monitoring: air, averaged as the norms are (KPI 1.17 of annex 4).

Raw readings of a station are telemetry (SenML); what is compared with a norm is stated here, once per average.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import Field, model_validator

from schemas.events.envelope import Data, EventClass, Name, Timestamp

Averaging = Literal["20min", "24h"]
"""The averaging periods of the hygienic norms: greatest single (20 min) and daily mean."""
LENGTH: Final[Mapping[str, timedelta]] = {"20min": timedelta(minutes=20), "24h": timedelta(hours=24)}
Pollutant = Literal["pm2.5", "pm10", "so2", "no", "no2", "co", "o3", "h2s", "nh3", "phenol", "formaldehyde"]
MOST: Final = 10**9
"""ng/m³: a gram of pollutant in a cubic metre is no outdoor air."""


class AirMeasured(Data):
    """The mean concentration of a pollutant at a station over one averaging period, with the norm for that period."""

    type_name: ClassVar[str] = "kz.ahual.environment.air-measured.v1"
    row_key: ClassVar[tuple[str, ...] | None] = ("station", "pollutant", "averaging")
    system: ClassVar[str | None] = "environment"
    event_class: ClassVar[EventClass] = "department"
    title: ClassVar[dict[str, str]] = {
        "kk": "Ауаның ластануы өлшенді",
        "ru": "Загрязнение воздуха измерено",
        "en": "Air pollution measured",
    }
    measuring: ClassVar[bool] = True
    channel_fields: ClassVar[tuple[str, ...]] = ("pollutant", "averaging")

    station: Name
    pollutant: Pollutant
    averaging: Averaging
    concentration_ng_m3: Annotated[int, Field(ge=0, le=MOST)]
    """Nanograms per cubic metre: 0.035 mg/m³ is 35,000."""
    norm_ng_m3: Annotated[int, Field(ge=1, le=MOST)]
    """The maximum permissible concentration for this averaging period."""
    begun_at: Timestamp
    ended_at: Timestamp

    @model_validator(mode="after")
    def _over_its_period(self) -> Self:
        if self.ended_at - self.begun_at != LENGTH[self.averaging]:
            raise ValueError(f"ended_at lies {self.averaging} after begun_at, the averaging period")
        return self


TYPES: tuple[type[Data], ...] = (AirMeasured,)
