"""Measures: how a KPI comes out of events, as data. `docs/measures.md` explains the language with examples.

A measure adds integers in a declared smallest unit (milliseconds, 10⁻³ points, metres, cases). Its terms name an event
type, conditions, and what is added to the bucket of which moment. A measure without terms is declared but not yet
bound to event types.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

ANY_EVENT: Final = "any"
COMMITTED: Final = "committedtime"
"""The pseudo-field that holds the moment the scorer stored the event."""
PSEUDO_FIELDS: Final = ("system", "device")
"""Parts of the event's identity that a measure may name like fields."""

CategoryCode = Literal["republican", "regional", "district"]
Kind = Literal["count", "sum", "mean", "share", "ratio", "latest", "change", "spacing", "uptime", "composite"]
SIMPLE: Final = frozenset({"count", "sum", "mean", "share", "ratio", "latest"})
"""Kinds that a change and a composite are made of."""
DIVIDED: Final = frozenset({"share", "ratio", "uptime"})
"""Kinds that have something under the fraction bar."""
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Limit(_Frozen):
    """A number per city category, in the smallest unit of what it is compared with."""

    republican: int
    regional: int
    district: int


class Terms(_Frozen):
    """A number per value of a field: norm terms per kind of request. Other values: `otherwise`, or no match."""

    field: str
    by: Mapping[str, int]
    otherwise: int | None = None


Amount = int | Limit | Terms


class Deadline(_Frozen):
    """The moment `term` milliseconds after a timestamp."""

    after: str
    term: Amount


Moment = str | Deadline


class LocalTime(_Frozen):
    """Times of the city-local day (begin included, end excluded) and ISO weekdays, 1 is Monday; empty: all."""

    hours: tuple[tuple[Clock, Clock], ...] = ()
    weekdays: tuple[Annotated[int, Field(ge=1, le=7)], ...] = ()


class Condition(_Frozen):
    """One test of an event; all conditions of a term must hold. An absent field passes no test but `present: false`."""

    field: str | None = None
    elapsed: tuple[str, str] | None = None
    """Milliseconds from the first timestamp to the second, 0 when they are the other way round."""

    equals: str | int | bool | None = None
    one_of: tuple[str, ...] | None = None
    present: bool | None = None
    at_most: Amount | None = None
    at_least: Amount | None = None
    not_above: str | None = None
    """The number in `field` is not above the number in this field."""
    not_after: Moment | None = None
    """The timestamp in `field` is not after this moment."""
    local: LocalTime | None = None
    """The timestamp in `field` lies in this time of the city's day and week."""

    @model_validator(mode="after")
    def _one_test(self) -> Self:
        tests = self.model_dump(exclude={"field", "elapsed"}, exclude_none=True)
        if len(tests) != 1:
            raise ValueError(f"a condition needs exactly one test, this has {', '.join(tests) or 'none'}")
        if (self.elapsed is None) == (self.field is None):
            raise ValueError("a condition tests either field or elapsed")
        if self.elapsed is not None and self.at_most is None and self.at_least is None:
            raise ValueError("elapsed is compared by at_most or at_least")
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
    """Events of one type (or `any`) that match `where` add `value` (or 1) to the bucket of the moment `at`."""

    event: str
    each: str | None = None
    """A list of the event whose elements are taken one by one. What an element does not state is the event's."""
    where: tuple[Condition, ...] = ()
    categories: tuple[CategoryCode, ...] = ()
    """Only cities of these categories; empty: all."""
    value: Reading | None = None
    at: Moment = "time"
    """Of a dated entry: from when it holds."""
    until: str | None = None
    """Of a dated entry: the field with the moment it ceases to hold."""


class Measure(_Frozen):
    """How a KPI's value comes about. Numerator and denominator are added up, dated entries (`base`, and the numerator
    of `latest`) hold until the source's next one.

    - `count`: number of matching events. `sum`: Σ value.
    - `mean`: every numerator term adds its value, and 1 to the denominator.
    - `share`: cases in the numerator of cases in the denominator, in percent.
    - `ratio`: numerator over denominator, or over the base at the end of the window.
    - `latest`: the newest entry of each source, added up; over the base where there is one.
    - `change`: percent against the equal window before, `of` one of the kinds above.
    - `spacing`: length of the window over the number of updates, per group of systems.
    - `uptime`: milliseconds covered by good probes over all milliseconds of the window.
    - `composite`: the mean or sum of its components.
    """

    kind: Kind
    numerator: tuple[Term, ...] = ()
    denominator: tuple[Term, ...] = ()
    base: tuple[Term, ...] = ()
    """Dated entries under the fraction bar: residents, vehicles, kilometres of road."""
    valid_days: int | None = Field(default=None, ge=1)
    """How long an entry holds at most; by default two periods of the KPI, a base two years."""
    cohort: bool = False
    """Cases are counted once the bucket of their due date is past."""
    complement: bool = False
    """Of a share: 100 − share."""
    per: tuple[str, ...] = ()
    """Fields that tell components apart. A share is then that of components whose cases are all in the numerator."""
    groups: Mapping[str, tuple[str, ...]] = {}
    """Of a spacing: the systems of each category of data."""
    of: Literal["count", "sum", "mean", "share", "ratio", "latest"] | None = None
    """Of a change: what changes."""
    counted: Literal["growth", "fall"] = "growth"
    """Of a change: which direction is positive."""
    components: Mapping[str, Measure] = {}
    combine: Literal["mean", "sum"] = "mean"
    scale: float = Field(default=1, gt=0)
    """The KPI's unit = numerator ÷ denominator ÷ scale (60000 turns milliseconds into minutes)."""
    sources: tuple[str, ...] = ()
    """Systems that must have reported for a zero to be believed."""

    @property
    def bound(self) -> bool:
        """Whether event types are named, so that the value can be computed."""
        return bool(self.numerator or self.components)

    @property
    def shape(self) -> Kind:
        """The kind by which terms are added up."""
        return self.of or self.kind

    @property
    def systems(self) -> frozenset[str]:
        """Of a spacing: the systems of all groups."""
        return frozenset(system for group in self.groups.values() for system in group)

    def parts(self) -> Iterator[tuple[str, Measure]]:
        """(component, measure) of everything that is folded by itself."""
        if self.kind == "composite":
            yield from self.components.items()
        else:
            yield "", self

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        wrong = next((reason for holds, reason in self._rules() if not holds), None)
        if wrong:
            raise ValueError(wrong)
        return self

    def _rules(self) -> Iterator[tuple[bool, str]]:
        kind, shape, bound = self.kind, self.shape, self.bound
        yield self.of is None or kind == "change", "`of` belongs to a change"
        yield not bound or kind != "change" or self.of is not None, "a change needs `of`"
        yield not self.components or kind == "composite", "`components` belong to a composite"
        yield not self.numerator or kind != "composite", "the terms of a composite stand in its components"
        yield not self.base or shape in ("ratio", "latest"), "only a ratio and a latest have a base"
        yield not self.denominator or shape in DIVIDED, f"a {shape} has no denominator"
        yield not (self.base and self.denominator), "a measure has a denominator or a base, not both"
        yield not bound or shape not in DIVIDED or bool(self.denominator or self.base), f"a {shape} needs a denominator"
        yield not self.complement or kind == "share", "only a share has a complement"
        yield not self.per or kind in ("share", "spacing"), "`per` belongs to a share or a spacing"
        yield not self.groups or kind == "spacing", "`groups` belong to a spacing"
        yield not bound or kind != "spacing" or self.per == ("system",), "a spacing is per system"
        simple = all(part.kind in SIMPLE and not part.per for part in self.components.values())
        yield simple, f"a component is one of {', '.join(sorted(SIMPLE))}"
