"""What the map shows, and how it is coloured: `layers.yaml` as frozen models."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from schemas import yaml_text
from schemas.catalogue import Text

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
Geometry = Literal["point", "line", "polygon"]
Of = Literal["newest", "count", "age", "kpi", "stated"]


def _several(given: Any) -> Any:
    return (given,) if isinstance(given, str) else given


Names = Annotated[tuple[str, ...], BeforeValidator(_several)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Step(_Frozen):
    """A step of the legend: up to, but without, `below`."""

    below: float | None = None
    colour: Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
    name: Text


class Places(_Frozen):
    """Where: registered devices of these systems, or things of these kinds."""

    devices: Names = ()
    things: Names = ()

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if bool(self.devices) == bool(self.things):
            raise ValueError("places are either devices or things")
        return self


class Value(_Frozen):
    """What is shown of a place: of a quantity that its devices measure, of a channel of `observed.yaml`, or what the
    geometry states."""

    of: Of
    quantity: Names = ()
    channel: str | None = None
    property: Literal["height_m", "diameter_mm"] | None = None
    """Of the geometry, with `of: stated`."""
    within_h: Annotated[float, Field(gt=0, le=336)] = 24
    """How old it may be, or how far back is counted; the past is kept for 14 days."""
    scale: float = 1
    """From the quantity's own unit to the layer's."""

    @model_validator(mode="after")
    def _stated(self) -> Self:
        if (self.of == "stated") != (self.property is not None):
            raise ValueError("a property is named where, and only where, `of` is stated")
        return self


class LayerRule(_Frozen):
    """One layer."""

    name: Text
    shown: Text
    geometry: Geometry
    places: Places
    value: Value
    unit: str | None = None
    steps: tuple[Step, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.places.devices and not self.value.quantity:
            raise ValueError("a layer of devices is coloured by a quantity")
        bounds = [step.below for step in self.steps]
        if bounds and (bounds[-1] is not None or sorted(filter(None, bounds)) != bounds[:-1]):
            raise ValueError("below grows from step to step, and the last step has none")
        return self

    def step(self, value: float | None) -> int | None:
        """Which step a value belongs to."""
        if value is None or not self.steps:
            return None
        return next(i for i, step in enumerate(self.steps) if step.below is None or value < step.below)


class Layers(_Frozen):
    """All of them, by code, in the order in which they are offered, and what their units are called."""

    units: Mapping[str, Text]
    layers: Mapping[Code, LayerRule]

    @model_validator(mode="after")
    def _units_named(self) -> Self:
        nameless = {rule.unit for rule in self.layers.values() if rule.unit} - self.units.keys()
        if nameless:
            raise ValueError(f"units without a name: {', '.join(sorted(nameless))}")
        return self


@cache
def load_layers() -> Layers:
    """The file; ValidationError names what is wrong in it."""
    return Layers.model_validate(yaml_text.parse((files("schemas") / "layers.yaml").read_text("utf-8")))
