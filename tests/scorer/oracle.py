"""What events add, event by event and term by term, straight from the measures' words. Slow and plain on purpose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from schemas.events.envelope import Data
from schemas.events.registry import EVENT_TYPES
from schemas.measures import Amount, Condition, Deadline, Limit, Measure, Moment, Reading, Term, Terms
from services.scorer.histogram import bin_of
from services.scorer.types import BinKey, City, Decoded, Entry, EntryKey, Folded, Part, PartKey

MS = timedelta(milliseconds=1)


def expected(
    events: Iterable[Decoded],
    measures: Mapping[str, Measure],
    cities: Mapping[str, City],
    stored_at: datetime,
    types: Mapping[str, type[Data]] = EVENT_TYPES,
) -> Folded:
    """The same as `fold`, the plain way."""
    folded = Folded({}, {}, {})
    for decoded in events:
        whole = _Seen(decoded, cities[decoded.identity.city], stored_at, types)
        for kpi, measure in measures.items():
            for component, part in measure.parts():
                for side in ("numerator", "denominator", "base"):
                    for position, term in enumerate(getattr(part, side)):
                        for seen in whole.each(term):
                            if seen.matches(term):
                                _add(folded, seen, kpi, component, part, side, position)
    return folded


def _add(folded: Folded, seen: _Seen, kpi: str, component: str, measure: Measure, side: str, position: int) -> None:
    term: Term = getattr(measure, side)[position]
    if measure.kind == "spacing" and seen.foreign_to({s for group in measure.groups.values() for s in group}):
        return
    value = 1 if term.value is None else seen.reading(term.value)
    at = seen.moment(term.at)
    if value is None or at is None:
        return
    city, district, decoded = seen.city.code, seen.get("district") or "", seen.decoded
    if side == "base" or measure.shape == "latest":
        until = seen.get(term.until) if term.until else None
        key = EntryKey(
            city, kpi, component, -1 - position if side == "base" else position, district, decoded.event.source,
            at, decoded.key.time, decoded.key.id_hash,
        )  # fmt: skip
        folded.entries[key] = Entry(value, 1, until)
        return
    bucket = at.replace(second=0, microsecond=0)
    if measure.per:
        component = "|".join(str(seen.get(name) or "") for name in measure.per)
    numerator, denominator, events = folded.parts.get(PartKey(city, kpi, component, district, bucket), (0, 0, 0))
    if side == "numerator":
        numerator += value
        denominator += measure.shape == "mean"
    else:
        denominator += value
    folded.parts[PartKey(city, kpi, component, district, bucket)] = Part(numerator, denominator, events + 1)
    if measure.shape == "mean" and term.value and term.value.elapsed and not component:
        place = BinKey(city, kpi, bucket, bin_of(value))
        folded.bins[place] = folded.bins.get(place, 0) + 1


class _Seen:
    """An event as a measure sees it."""

    def __init__(self, decoded: Decoded, city: City, stored_at: datetime, types: Mapping[str, type[Data]]) -> None:
        self.types = types
        self.decoded = decoded
        self.city = city
        self.stored_at = stored_at
        self.element: Any = None

    def each(self, term: Term) -> Iterator[_Seen]:
        """The event itself, or each element of the list that the term names."""
        if term.each is None:
            yield self
        for element in getattr(self.decoded.event.data, term.each or "", None) or ():
            one = copy(self)
            one.element = element
            yield one

    def get(self, name: str) -> Any:
        if name == "committedtime":
            return self.stored_at
        event = self.decoded.event
        if self.element is not None and getattr(self.element, name, None) is not None:
            return getattr(self.element, name)
        if self.element is not None and name in self.element.__struct_fields__ and not self.knows(name):
            return None
        if name in event.data.__struct_fields__:
            return getattr(event.data, name)
        return getattr(self.decoded.identity if name in ("system", "device") else event, name)

    def knows(self, name: str) -> bool:
        event = self.decoded.event
        return name in ("system", "device", *event.__struct_fields__, *event.data.__struct_fields__)

    def foreign_to(self, systems: set[str]) -> bool:
        """Whether only systems outside these may send this type of event."""
        only = self.types[type(self.decoded.event).__struct_config__.tag].system
        return only is not None and only not in systems

    def matches(self, term: Term) -> bool:
        tag = type(self.decoded.event).__struct_config__.tag
        return (
            term.event in ("any", tag)
            and (not term.categories or self.city.category in term.categories)
            and all(self.holds(condition) for condition in term.where)
        )

    def reading(self, reading: Reading) -> int | None:
        if reading.elapsed:
            return self.elapsed(*reading.elapsed)
        value = self.get(reading.field or "")
        return None if value is None else round(value * reading.scale)

    def elapsed(self, first: str, last: str) -> int | None:
        begin, end = self.get(first), self.get(last)
        return None if begin is None or end is None else max(0, (end - begin) // MS)

    def moment(self, moment: Moment) -> datetime | None:
        if isinstance(moment, str):
            found: datetime | None = self.get(moment)
            return found
        return self.deadline(moment)

    def deadline(self, deadline: Deadline) -> datetime | None:
        after, term = self.get(deadline.after), self.amount(deadline.term)
        return None if after is None or term is None else after + term * MS

    def amount(self, amount: Amount) -> int | None:
        if isinstance(amount, Limit):
            return int(getattr(amount, self.city.category))
        if isinstance(amount, Terms):
            return amount.by.get(self.get(amount.field), amount.otherwise)
        return amount

    def holds(self, c: Condition) -> bool:
        value = self.elapsed(*c.elapsed) if c.elapsed else self.get(c.field or "")
        if c.present is not None:
            return (value is not None) is c.present
        if value is None:
            return False
        return all(self._tests(c, value))

    def _tests(self, c: Condition, value: Any) -> Iterator[bool]:
        if c.equals is not None:
            yield bool(value == c.equals)
        if c.one_of is not None:
            yield value in c.one_of
        if c.at_most is not None:
            most = self.amount(c.at_most)
            yield most is not None and value <= most
        if c.at_least is not None:
            least = self.amount(c.at_least)
            yield least is not None and value >= least
        if c.not_above is not None:
            bound = self.get(c.not_above)
            yield bound is not None and value <= bound
        if c.not_after is not None:
            moment = self.moment(c.not_after)
            yield moment is not None and value <= moment
        if c.local is not None:
            local = value.astimezone(ZoneInfo(self.city.timezone))
            clock = f"{local:%H:%M}"
            yield not c.local.weekdays or local.isoweekday() in c.local.weekdays
            yield not c.local.hours or any(
                begin <= clock < end if begin <= end else clock >= begin or clock < end for begin, end in c.local.hours
            )
