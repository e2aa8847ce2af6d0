"""Python source for the fold of one event type: every field is read once, every duration computed once per event.

Only names of checked fields and our own variables get into the source; everything a catalogue says is a constant that
the source refers to by name (`k0`, `k1` …).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from schemas.binding import FieldType
from schemas.measures import COMMITTED, PSEUDO_FIELDS, Amount, Condition, Limit, LocalTime, Moment, Reading, Terms
from services.scorer.histogram import bin_of

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND: Final = timedelta(milliseconds=1)
MINUTE: Final = timedelta(minutes=1)


class Value(NamedTuple):
    """A variable of the generated source."""

    name: str
    nullable: bool = False


class Source:
    """Variables of one event type's fold, in the order in which they have to be assigned."""

    _prefix = "v"

    def __init__(self, fields: Mapping[str, FieldType], data: Collection[str]) -> None:
        self._fields = fields
        self._data = data
        self._known: dict[str, Value] = {}
        self.before: list[str] = []
        """Assigned once per city and batch."""
        self.each: list[str] = []
        """Assigned for every event."""
        self.constants: dict[str, Any] = {
            "EPOCH": EPOCH,
            "MILLISECOND": MILLISECOND,
            "MINUTE": MINUTE,
            "bin_of": bin_of,
            "is_local": is_local,
        }

    def knows(self, name: str) -> bool:
        """Whether the event has such a field."""
        return name in self._fields

    def field(self, name: str) -> Value:
        """A field of data or envelope, a part of the identity, or the moment of storing."""
        if name == COMMITTED:
            return Value("stored_at")
        nullable = self._fields[name].nullable
        if name in self._data:
            return self._assign(f"data.{name}", nullable=nullable)
        holder = "decoded.identity" if name in PSEUDO_FIELDS else "event"
        return self._assign(f"{holder}.{name}", nullable=nullable)

    def elapsed(self, fields: tuple[str, str]) -> Value:
        """Milliseconds from one timestamp to another. A clock that is ahead must not subtract from the others."""
        begin, end = self.field(fields[0]), self.field(fields[1])
        code = f"({end.name} - {begin.name}) // MILLISECOND if {end.name} > {begin.name} else 0"
        return self._guarded(code, begin, end)

    def reading(self, reading: Reading) -> Value:
        """What a term adds, in the smallest unit."""
        if reading.elapsed is not None:
            return self.elapsed(reading.elapsed)
        field = self.field(reading.field or "")
        return self._guarded(f"round({field.name} * {reading.scale})", field)

    def moment(self, moment: Moment) -> Value:
        """A timestamp of the event, or one some time after it."""
        if isinstance(moment, str):
            return self.field(moment)
        after, term = self.field(moment.after), self.amount(moment.term)
        return self._guarded(f"{after.name} + {term.name} * MILLISECOND", after, term)

    def minute(self, moment: Value) -> Value:
        """Minutes since 1970, in a sixth of the time that cutting a datetime down to its minute takes."""
        if moment.name == "stored_at":
            return Value(self._once("(stored_at - EPOCH) // MINUTE"))
        since = self._guarded(f"{moment.name} - EPOCH", moment)
        return self._guarded(f"{since.name}.days * 1440 + {since.name}.seconds // 60", since)

    def amount(self, amount: Amount) -> Value:
        """A number: fixed, the city category's, or the one of a field's value."""
        if isinstance(amount, Limit):
            return Value(self._once(f"{self.constant(amount.model_dump())}[category]"))
        if isinstance(amount, Terms):
            known = self.constant(dict(amount.by))
            code = f"{known}.get({self.field(amount.field).name}, {amount.otherwise})"
            return self._assign(code, nullable=amount.otherwise is None)
        return Value(str(int(amount)))

    def condition(self, condition: Condition) -> str:
        """An expression that is true where the condition holds."""
        c = condition
        value = self.elapsed(c.elapsed) if c.elapsed is not None else self.field(c.field or "")
        if c.present is not None:
            return f"{value.name} is {'not ' if c.present else ''}None"
        if c.one_of is not None:
            return f"{value.name} in {self.constant(frozenset(c.one_of))}"
        if c.equals is not None:
            return f"{value.name} == {self.constant(c.equals)}"
        if c.local is not None:
            return self._compared(value, f"is_local({value.name}, zone, {self.constant(local_minutes(c.local))})")
        for operator, other in (
            ("<=", self.amount(c.at_most) if c.at_most is not None else None),
            (">=", self.amount(c.at_least) if c.at_least is not None else None),
            ("<=", self.field(c.not_above) if c.not_above is not None else None),
            ("<=", self.moment(c.not_after) if c.not_after is not None else None),
        ):
            if other is not None:
                return self._compared(value, f"{value.name} {operator} {other.name}", other)
        raise TypeError("a condition without a test")

    def in_category(self, categories: tuple[str, ...]) -> str:
        """An expression that is true in cities of these categories."""
        return self._once(f"category in {self.constant(frozenset(categories))}")

    def constant(self, value: Any) -> str:
        """The name of a constant."""
        for name, known in self.constants.items():
            if type(known) is type(value) and known == value:
                return name
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def _compared(self, value: Value, code: str, other: Value | None = None) -> str:
        guards = [f"{v.name} is not None" for v in (value, other) if v is not None and v.nullable]
        return " and ".join([*guards, code])

    def _guarded(self, code: str, *operands: Value) -> Value:
        absent = " or ".join(f"{operand.name} is None" for operand in operands if operand.nullable)
        return self._assign(f"None if {absent} else {code}" if absent else code, nullable=bool(absent))

    def _assign(self, code: str, *, nullable: bool = False) -> Value:
        if code not in self._known:
            self._known[code] = Value(f"{self._prefix}{len(self._known)}", nullable)
            self.each.append(f"{self._known[code].name} = {code}")
        return self._known[code]

    def _once(self, code: str) -> str:
        if code not in self._known:
            self._known[code] = Value(f"{self._prefix}{len(self._known)}")
            self.before.append(f"{self._known[code].name} = {code}")
        return self._known[code].name


class ElementSource(Source):
    """Variables of one element of an event's list: its own fields come before those of the event."""

    def __init__(self, event: Source, fields: Mapping[str, FieldType], number: int) -> None:
        super().__init__(fields, ())
        self._event = event
        self._prefix = f"e{number}_"
        self.before, self.constants = event.before, event.constants

    def field(self, name: str) -> Value:
        """A field of the element; of the event, where the element has no such field or leaves it out."""
        if name not in self._fields:
            return self._event.field(name)
        own = f"element.{name}"
        if not self._fields[name].nullable or not self._event.knows(name):
            return self._assign(own, nullable=self._fields[name].nullable)
        events = self._event.field(name)
        return self._assign(f"{own} if {own} is not None else {events.name}", nullable=events.nullable)


class LocalMinutes(NamedTuple):
    """A `LocalTime` in minutes of the day."""

    spans: tuple[tuple[int, int], ...]
    weekdays: frozenset[int]


def local_minutes(local: LocalTime) -> LocalMinutes:
    """The same times as numbers."""
    spans = tuple((_minutes(begin), _minutes(end)) for begin, end in local.hours)
    return LocalMinutes(spans, frozenset(local.weekdays))


def is_local(moment: datetime, zone: ZoneInfo, times: LocalMinutes) -> bool:
    """Whether a moment lies in these times of the zone's days; a span that ends before it begins runs over midnight."""
    local = moment.astimezone(zone)
    if times.weekdays and local.isoweekday() not in times.weekdays:
        return False
    minute = local.hour * 60 + local.minute
    return not times.spans or any(
        begin <= minute < end if begin <= end else minute >= begin or minute < end for begin, end in times.spans
    )


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
