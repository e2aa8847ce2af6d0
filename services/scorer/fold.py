"""Folding events into what they add: a pure sum, so order and batch cuts never matter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import add
from typing import Any
from zoneinfo import ZoneInfo

from services.scorer.measures import Compiled, Program
from services.scorer.source import EPOCH, MINUTE
from services.scorer.types import BinKey, Bins, City, Decoded, Entries, Entry, EntryKey, Folded, Part, PartKey, Parts

COMPONENT_SEPARATOR = "|"
"""Between the values of the fields that tell components apart."""


def fold(
    events: Iterable[Decoded], compiled: Compiled, cities: Mapping[str, City], stored_at: datetime, sign: int = 1
) -> Folded:
    """What the events add, in minutes; with `sign` −1 what takes exactly that away again."""
    groups: dict[tuple[type, str], list[Decoded]] = {}
    for decoded in events:
        group = (type(decoded.event), decoded.identity.city)
        found = groups.get(group)
        if found is None:
            groups[group] = [decoded]
        else:
            found.append(decoded)
    folded = Folded({}, {}, {})
    for (struct, code), together in groups.items():
        program = compiled.get(struct)
        if program is not None:  # a retraction adds nothing itself
            _Run(program, cities[code], sign).fold(together, stored_at).into(folded)
    return folded


class _Run:
    """One program on the events of one city."""

    def __init__(self, program: Program, city: City, sign: int) -> None:
        self._program = program
        self._city = city
        self._sign = sign
        self._cells: list[dict[tuple[Any, ...], list[int]]] = [{} for _ in program.cells]
        self._bins: list[dict[tuple[int, int], int]] = [{} for _ in program.binned]
        self._entries: list[list[tuple[Any, ...]]] = [[] for _ in program.dated]
        self._buckets = _Buckets()

    def fold(self, events: list[Decoded], stored_at: datetime) -> _Run:
        zone = ZoneInfo(self._city.timezone)
        self._program.run(events, self._city.category, zone, stored_at, self._cells, self._bins, self._entries)
        return self

    def into(self, folded: Folded) -> None:
        """Add what was found."""
        self._parts_into(folded.parts)
        self._bins_into(folded.bins)
        self._entries_into(folded.entries)

    def _parts_into(self, parts: Parts) -> None:
        city, sign, buckets = self._city.code, self._sign, self._buckets
        for cell, found in zip(self._program.cells, self._cells, strict=True):
            for place, sums in found.items():
                district, bucket = place[0] or "", buckets[place[1]]
                per = _component(place[2:]) if cell.per else None
                for at, kpi, component in cell.series:
                    events = sums[at + 2]
                    if events:
                        key = PartKey(city, kpi, component if per is None else per, district, bucket)
                        added = Part(sign * sums[at], sign * sums[at + 1], sign * events)
                        known = parts.get(key)
                        parts[key] = added if known is None else Part(*map(add, known, added))

    def _bins_into(self, bins: Bins) -> None:
        for kpi, found in zip(self._program.binned, self._bins, strict=True):
            for (minute, number), count in found.items():
                key = BinKey(self._city.code, kpi, self._buckets[minute], number)
                bins[key] = bins.get(key, 0) + self._sign * count

    def _entries_into(self, entries: Entries) -> None:
        for (kpi, component, term), found in zip(self._program.dated, self._entries, strict=True):
            for district, source, at, event, value, until in found:
                key = EntryKey(
                    self._city.code, kpi, component, term, district or "", source, at, event.time, event.id_hash
                )
                entries[key] = Entry(self._sign * value, self._sign, until)


class _Buckets(dict[int, datetime]):
    """Moments by minutes since 1970; one object per minute, because a datetime remembers its hash."""

    def __missing__(self, minute: int) -> datetime:
        self[minute] = EPOCH + minute * MINUTE
        return self[minute]


def _component(values: Iterable[Any]) -> str:
    return COMPONENT_SEPARATOR.join("" if value is None else str(value) for value in values)
