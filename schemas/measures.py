"""Measures: how a KPI comes out of events, as data.

A measure is a pair of sums of integers in a declared smallest unit (milliseconds, 10⁻³ points, cases). Terms name an
event type, conditions and what is added; which bucket it is added to is the term's `at`. A measure without terms is
declared but not yet bound to event types.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

ANY_EVENT = "any"
COMMITTED = "committedtime"
"""The pseudo-field that holds the moment the scorer stored the event."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Limit(_Frozen):
    """A threshold per city category, in the smallest unit of what it is compared with."""

    republican: int
    regional: int
    district: int


class Condition(_Frozen):
    """One test of an event's field; all conditions of a term must hold. Exactly one test per condition."""

    field: str | None = None
    equals: str | int | bool | None = None
    one_of: tuple[str, ...] | None = None
    present: bool | None = None
    not_after: str | None = None
    """The timestamp in `field` is not after the timestamp in this field."""
    elapsed: tuple[str, str] | None = None
    """Milliseconds from the first timestamp to the second …"""
    at_most: Limit | None = None
    """… are at most this."""

    @model_validator(mode="after")
    def _one_test(self) -> Self:
        tests = [self.equals, self.one_of, self.present, self.not_after, self.elapsed]
        if sum(t is not None for t in tests) != 1:
            raise ValueError("a condition needs exactly one of equals, one_of, present, not_after, elapsed")
        if (self.elapsed is None) != (self.at_most is None):
            raise ValueError("elapsed and at_most belong together")
        if (self.elapsed is None) != (self.field is not None):
            raise ValueError("name the field to test (elapsed names its own two)")
        return self


class Reading(_Frozen):
    """What a term adds: a field times `scale`, or the milliseconds between two timestamps."""

    field: str | None = None
    scale: int = Field(default=1, ge=1)
    elapsed: tuple[str, str] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.field is None) == (self.elapsed is None):
            raise ValueError("a reading needs either field or elapsed")
        return self


class Term(_Frozen):
    """Events of one type that match `where` add `value` (or 1) to the bucket of the timestamp `at`."""

    event: str
    where: tuple[Condition, ...] = ()
    value: Reading | None = None
    at: str = "time"


class Measure(_Frozen):
    """How a KPI's numerator and denominator are added up.

    - `count`: numerator = number of matching events. `sum`: numerator = Σ value.
    - `mean`: every numerator term adds its value, and 1 to the denominator.
    - `share`: numerator terms add 1 to the numerator, denominator terms 1 to the denominator; × 100 percent.
    - `ratio`: Σ value over Σ value.
    - `latest`, `change`, `spacing`, `uptime`, `composite`: see docs/methodology.md.
    """

    kind: Literal["count", "sum", "mean", "share", "ratio", "latest", "change", "spacing", "uptime", "composite"]
    numerator: tuple[Term, ...] = ()
    denominator: tuple[Term, ...] = ()
    cohort: bool = False
    """A share over cases, counted once the bucket of their due date is past."""
    scale: float = Field(default=1, gt=0)
    """The KPI's unit = numerator ÷ denominator ÷ scale (60000 turns milliseconds into minutes)."""
    sources: tuple[str, ...] = ()
    """Systems that must have reported for a zero to be believed."""

    @property
    def bound(self) -> bool:
        """Whether event types are named, so that the value can be computed."""
        return bool(self.numerator)
