"""Folding events into parts: a pure sum, so order and batch cuts never matter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import add
from typing import Any, Final

from services.scorer.histogram import bin_of
from services.scorer.measures import Compiled, Context, Contribution, Dated
from services.scorer.tiers import minute_of
from services.scorer.types import BinKey, Bins, City, Decoded, Folded, Part, PartKey, Parts

WIDTH: Final = len(Part._fields)


def fold(
    events: Iterable[Decoded], compiled: Compiled, cities: Mapping[str, City], stored_at: datetime, sign: int = 1
) -> Folded:
    """What the events add, in minutes; with `sign` −1 what takes exactly that away again."""
    cells: dict[tuple[str, str, datetime, Dated], list[int]] = {}
    bins: Bins = {}
    contexts = {code: Context(city.category, stored_at) for code, city in cities.items()}
    for decoded in events:
        event = decoded.event
        code = decoded.identity.city
        context = contexts[code]
        for dated in compiled[type(event)]:
            bucket = minute_of(dated.at(event, context))
            key = (code, event.data.district or "", bucket, dated)
            sums = cells.get(key)
            if sums is None:
                sums = cells[key] = [0] * (WIDTH * len(dated.contributions))
            for kpi, value in _add(sums, event, context, dated.contributions):
                bin_key = BinKey(code, kpi, bucket, bin_of(value))
                bins[bin_key] = bins.get(bin_key, 0) + sign
    return Folded(_parts(cells, sign), bins, {})


def _add(
    sums: list[int], event: Any, context: Context, contributions: tuple[Contribution, ...]
) -> list[tuple[str, int]]:
    # The hot loop: numerator, denominator and count of each contribution lie side by side in one list.
    at = 0
    binned = []
    for kpi, tests, value_of, to_numerator, to_denominator, is_binned in contributions:
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
                if is_binned:
                    binned.append((kpi, value))
        at += WIDTH
    return binned


def _parts(cells: Mapping[tuple[str, str, datetime, Dated], list[int]], sign: int) -> Parts:
    parts: Parts = {}
    for (city, district, bucket, dated), sums in cells.items():
        for number, contribution in enumerate(dated.contributions):
            added = Part(*(sign * n for n in sums[WIDTH * number : WIDTH * number + WIDTH]))
            if added.events:
                key = PartKey(city, contribution.kpi, "", district, bucket)
                known = parts.get(key)
                parts[key] = added if known is None else Part(*map(add, known, added))
    return parts
