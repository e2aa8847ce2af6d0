"""When a source counts as silent, frozen or drifting: `sources.yaml` as frozen models."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas import yaml_text

SourceState = Literal["live", "silent", "frozen", "drifting"]
"""Of a source; where several hold, the first of silent, frozen and drifting."""
STATES: Final[tuple[SourceState, ...]] = get_args(SourceState)


class Limits(BaseModel):
    """The limits of one system's sources; lengths in s."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    silent_after_intervals: float = Field(ge=1)
    silent_at_least_s: float = Field(ge=0)
    assumed_interval_s: float = Field(gt=0)
    ahead_s: float = Field(gt=0)
    behind_s: float = Field(gt=0)
    frozen_after_s: float = Field(gt=0)
    frozen_at_least: int = Field(ge=2)


class SourceLimits(BaseModel):
    """The limits of every system: its own where it has some, else the defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    defaults: Limits
    systems: Mapping[str, Limits] = {}

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, given: Any) -> Any:
        """A system's limits are the defaults but for what it says itself."""
        try:
            systems = {name: given["defaults"] | own for name, own in (given.get("systems") or {}).items()}
        except (AttributeError, KeyError, TypeError):
            return given  # what is wrong with it, the fields say
        return {**given, "systems": systems}


def load_source_limits() -> SourceLimits:
    """The limits in `sources.yaml`; ValidationError names the entry that is wrong."""
    return SourceLimits.model_validate(yaml_text.parse((files("schemas") / "sources.yaml").read_text("utf-8")))
