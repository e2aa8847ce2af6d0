"""Delivered rows held against the simulator's truth, number by number, as it is computed from the raw events."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from schemas.delivery import DeliveryRow
from services.export.deliveries import stored_rows
from simulators import score
from simulators.moments import DAY, milliseconds
from simulators.truths import TRUTHS, windows
from simulators.truths.events import Events, Place
from simulators.truths.values import Answer, Asked, Value, answer
from tests.export.towns import Town

MARGIN: Final = 30 * DAY
"""Short periods are asked of the events around them: nothing that enters a day's or week's KPI is further away."""
_SHORT: Final = ("day", "week")


class Wrong(NamedTuple):
    """A delivered number that is not the truth."""

    place: str
    kpi: str
    what: str
    expected: str
    found: str


class _Time(msgspec.Struct):
    time: datetime


def events_of(town: Town, raw: Iterable[bytes]) -> Events:
    """The truth's view of raw events."""
    return Events(raw, Place(town.city.category.value, town.city.timezone))


class Past:
    """A town's raw events, whole or around a month."""

    def __init__(self, town: Town, raw: Sequence[bytes]) -> None:
        self._town = town
        self._raw = raw
        self._times = [milliseconds(msgspec.json.decode(one, type=_Time).time) for one in raw]
        self._months: dict[int, Events] = {}
        self._whole: Events | None = None

    def around(self, window: tuple[int, int], period: str) -> Events:
        """What the truth about a window takes."""
        if period not in _SHORT:
            self._whole = self._whole or events_of(self._town, self._raw)
            return self._whole
        month = window[0] // MARGIN
        if month not in self._months:
            begin, end = (month - 1) * MARGIN, (month + 2) * MARGIN + 7 * DAY
            some = (one for one, time in zip(self._raw, self._times, strict=True) if begin <= time < end)
            self._months = {month: events_of(self._town, some)}  # the one before is not asked for again
        return self._months[month]


def answered(past: Past, kpi: str, period: str, begin: datetime, end: datetime, timezone: str) -> Answer:
    """What a KPI comes to over a closed period."""
    window = milliseconds(begin), milliseconds(end)
    asked = Asked(window, windows.calendar_before(window, period, timezone), window[1] - 1, windows.LENGTH[period])
    return answer(TRUTHS[kpi], past.around(window, period), asked)


def compared(town: Town, past: Past, places: Iterable[Path]) -> tuple[int, list[Wrong]]:
    """How many numbers were held against the truth, and those that differ."""
    count, wrong = 0, []
    rows = sorted((row for place in places for row in stored_rows(place)), key=lambda row: row.begin)
    for row in rows:
        if row.kpi in TRUTHS:
            truth = answered(past, row.kpi, row.period.value, row.begin, row.end, town.city.timezone)
            for what, expected, found in _figures(town, row, truth):
                count += 1
                if not _same(found, expected):
                    wrong.append(Wrong(f"{row.city}/{row.name}", row.kpi, what, str(expected), str(found)))
    return count, wrong


def _figures(town: Town, row: DeliveryRow, truth: Answer) -> Iterator[tuple[str, Any, Any]]:
    """(what, expected, found) of everything in a row that the truth knows."""
    if row.revision == 0 and truth.value is None:
        return  # its sources never reported before the period's end: there is nothing to store
    yield "numerator", truth.numerator, row.numerator
    yield "denominator", truth.denominator, row.denominator
    yield "freshness", truth.state, row.freshness
    yield "value", truth.value, row.value if row.parts is None else json.loads(row.parts)
    if criterion := score.criteria(town.city.category.value).get(row.kpi):
        reached = None if truth.value is None else score.attainment(criterion.target, truth.value)
        yield "attainment", reached, row.attainment


def _same(found: Any, expected: int | str | Value | None) -> bool:
    """Integers and words are equal; floats may differ where IEEE 754 makes them."""
    if isinstance(expected, Mapping):
        return (
            isinstance(found, Mapping)
            and found.keys() == expected.keys()
            and all(_same(found[name], expected[name]) for name in expected)
        )
    if isinstance(expected, Fraction) and found is not None:
        return math.isclose(found, float(expected), rel_tol=1e-12, abs_tol=1e-12)
    return bool(found == expected)


def differing(before: Past, after: Past, rows: Iterable[DeliveryRow], timezone: str) -> dict[str, dict[str, Any]]:
    """Period → KPI → by how much its value rises (None: it is no number), where the events of `after` make it another.

    What is asked about are the rows of the deliveries before.
    """
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in rows:
        if row.kpi in TRUTHS and row.revision:
            asked = (row.kpi, row.period.value, row.begin, row.end, timezone)
            old, new = answered(before, *asked), answered(after, *asked)
            if old[:3] != new[:3]:
                numbers = isinstance(old.value, Fraction) and isinstance(new.value, Fraction)
                found[row.name][row.kpi] = float(new.value - old.value) if numbers else None  # type: ignore[operator]
    return dict(found)
