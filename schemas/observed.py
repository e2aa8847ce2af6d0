"""Which events say something of an object on the map: `observed.yaml` as frozen models."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas import yaml_text

Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
GRANULE: Final = timedelta(minutes=10)
"""What the past of the map is kept in."""
DEVICE: Final = "device"
"""Kind of what telemetry says: object `system/device`, channel as the registry calls it."""
WHOLE: Final = "whole"
"""The district of what names none."""


class Observation(BaseModel):
    """How an event of one type is read."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    kind: Word
    object: Word
    """The field that names the object."""
    channel: Word | None = None
    channel_of: Word | None = None
    value: Word | float
    """A field, or what every event of the type says."""
    over: Word | None = None
    scale: float = 1

    @model_validator(mode="after")
    def _one_channel(self) -> Self:
        if (self.channel is None) == (self.channel_of is None):
            raise ValueError("an observation has either channel or channel_of")
        return self


class Observed(BaseModel):
    """Every such type."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    events: Mapping[str, Observation]


@cache
def load_observed() -> Observed:
    """The file; ValidationError names the entry that is wrong."""
    return Observed.model_validate(yaml_text.parse((files("schemas") / "observed.yaml").read_text("utf-8")))
