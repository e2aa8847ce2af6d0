"""What telemetry may measure: `quantities.yaml` as frozen models, with the few conversions of units that are made."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas import yaml_text

Kind = Literal["number", "text", "flag"]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Words(_Frozen):
    """A name in three languages."""

    kk: str
    ru: str
    en: str


class Quantity(_Frozen):
    """Something that is measured. `least` and `most` are the limits of the possible, in `unit`."""

    kind: Kind = "number"
    unit: str | None = None
    least: float | None = None
    most: float | None = None
    steady: bool = False
    """The same value for days is no sign of a frozen sensor."""
    name: Words

    @model_validator(mode="after")
    def _measured(self) -> Self:
        given = [limit is not None for limit in (self.unit, self.least, self.most)]
        if not all(given) if self.kind == "number" else any(given):
            raise ValueError("a number has a unit and limits, text and flags have none")
        return self

    def possible(self, value: float) -> bool:
        """Whether a number lies within the limits."""
        return self.least is not None and self.most is not None and self.least <= value <= self.most


class Conversion(_Frozen):
    """(value − minus) × times ÷ over of `unit` is the value in `to`."""

    unit: str
    to: str
    minus: float = 0
    times: float = Field(default=1, gt=0)
    over: float = Field(default=1, gt=0)

    def apply(self, value: float) -> float:
        """The value in the other unit."""
        return (value - self.minus) * self.times / self.over


class Quantities(_Frozen):
    """Every quantity by its code, and the conversions."""

    quantities: Mapping[Code, Quantity]
    conversions: tuple[Conversion, ...]

    @model_validator(mode="after")
    def _of_use(self) -> Self:
        units = {quantity.unit for quantity in self.quantities.values()}
        useless = [f"{c.unit} to {c.to}" for c in self.conversions if c.to not in units or c.unit == c.to]
        if useless:
            raise ValueError(f"nothing is kept in what these convert to: {', '.join(useless)}")
        return self


@lru_cache(1)
def load_quantities() -> Quantities:
    """The file `quantities.yaml`; ValidationError names the entry that is wrong."""
    return Quantities.model_validate(yaml_text.parse((files("schemas") / "quantities.yaml").read_text("utf-8")))


QUANTITIES: Final[Mapping[str, Quantity]] = load_quantities().quantities
CONVERSIONS: Final[Mapping[tuple[str, str], Conversion]] = {(c.unit, c.to): c for c in load_quantities().conversions}
STEADY: Final = frozenset(code for code, q in QUANTITIES.items() if q.steady or q.kind != "number")
"""Quantities that nobody calls frozen."""
