"""Folding events into parts: a pure sum, so order and batch cuts never matter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import add
from typing import Any, Final

from services.scorer.measures import Compiled, Context, Contribution, Dated
from services.scorer.tiers import minute_of
from services.scorer.types import City, Decoded, Part, PartKey, Parts

WIDTH: Final = len(Part._fields)


def fold(events: Iterable[Decoded], compiled: Compiled, cities: Mapping[str, City], stored_at: datetime) -> Parts:
    """What the events add, in minutes."""
    cells: dict[tuple[str, str, datetime, Dated], list[int]] = {}
    contexts = {code: Context(city.category, stored_at) for code, city in cities.items()}
    for decoded in events:
        event = decoded.event
        code = decoded.identity.city
        context = contexts[code]
        for dated in compiled[type(event)]:
            key = (code, event.data.district or "", minute_of(dated.at(event, context)), dated)
            sums = cells.get(key)
            if sums is None:
                sums = cells[key] = [0] * (WIDTH * len(dated.contributions))
            _add(sums, event, context, dated.contributions)
    return _parts(cells)


def _add(sums: list[int], event: Any, context: Context, contributions: tuple[Contribution, ...]) -> None:
    # The hot loop: numerator, denominator and count of each contribution lie side by side in one list.
    at = 0
    for _kpi, tests, value_of, to_numerator, to_denominator in contributions:
        for test in tests:
            if not test(event, context):
                break
        else:
            value = value_of(event, context)
            if value is not None:
                if to_numerator:
                    sums[at] += value
                    sums[at + 1] += to_denominator
                else:
                    sums[at + 1] += value
                sums[at + 2] += 1
        at += WIDTH


def _parts(cells: Mapping[tuple[str, str, datetime, Dated], list[int]]) -> Parts:
    parts: Parts = {}
    for (city, district, bucket, dated), sums in cells.items():
        for number, contribution in enumerate(dated.contributions):
            added = Part(*sums[WIDTH * number : WIDTH * number + WIDTH])
            if added.events:
                key = PartKey(city, contribution.kpi, "", district, bucket)
                known = parts.get(key)
                parts[key] = added if known is None else Part(*map(add, known, added))
    return parts
