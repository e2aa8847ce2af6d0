"""What sensors and meters read, whatever protocol it came by: one event per pack, each reading with its own time."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from schemas.events.envelope import Data, District, EventClass, Name, Timestamp, no_phone
from schemas.quantities import QUANTITIES

MOST_READINGS: Final = 1_000
"""In one pack."""


class Reading(BaseModel):
    """What one channel read at one moment, in the unit in which its quantity is kept (schemas/quantities.yaml)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    channel: Name
    """Which sensor of the device."""
    quantity: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    unit: str | None = None
    time: Timestamp
    """When it was read."""
    value: float | None = None
    text: Annotated[str, Field(max_length=256), AfterValidator(no_phone)] | None = None
    flag: bool | None = None
    sum: float | None = None
    """The value integrated over time (SenML `s`), in the unit times seconds."""
    device: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")] | None = None
    """The device behind the gateway that sent the pack; absent: the sender itself."""
    district: District | None = None
    """Where that device is, when it is not where the sender is."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        quantity = QUANTITIES.get(self.quantity)
        if quantity is None:
            raise ValueError(f"there is no quantity {self.quantity}: docs/telemetry.md lists them")
        if self.unit != quantity.unit:
            raise ValueError(f"{self.quantity} is kept in {quantity.unit or 'no unit'}")
        stated = [
            kind for kind, v in (("number", self.value), ("text", self.text), ("flag", self.flag)) if v is not None
        ]
        if stated != [quantity.kind] and not (quantity.kind == "number" and not stated and self.sum is not None):
            raise ValueError(f"{self.quantity} is a {quantity.kind}, and one reading has one value")
        if self.value is not None and not quantity.possible(self.value):
            raise ValueError(f"{self.quantity} lies between {quantity.least:g} and {quantity.most:g} {quantity.unit}")
        return self


class ReadingsReported(Data):
    """A pack of readings. `time` of the event is that of the newest; measures take the readings one by one."""

    type_name: ClassVar[str] = "kz.ahual.telemetry.readings-reported.v1"
    system: ClassVar[str | None] = None
    event_class: ClassVar[EventClass] = "telemetry"
    title: ClassVar[dict[str, str]] = {
        "kk": "Датчик көрсеткіштері хабарланды",
        "ru": "Сообщены показания датчиков",
        "en": "Readings reported",
    }
    measuring: ClassVar[bool] = True
    channel_fields: ClassVar[tuple[str, ...]] = ("channel",)
    elements: ClassVar[str | None] = "readings"

    readings: Annotated[tuple[Reading, ...], Field(min_length=1, max_length=MOST_READINGS)]


TYPES: tuple[type[Data], ...] = (ReadingsReported,)
