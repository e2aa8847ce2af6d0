"""Dated totals: what registers hold is stated every morning, and grows or shrinks over the years."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from simulators.facts import Fact
from simulators.moments import DAY, HOUR

TOTAL: Final = "reference.total-reported"
STATED: Final = HOUR
"""After midnight UTC: the morning in Kazakhstan."""
_START: Final = 20_454
"""1 January 2026 as a day's number since 1970."""


def stated(seed: int, system: str, device: str, day: int, totals: Mapping[str, int]) -> Iterator[Fact]:
    """What a register states on the UTC day with this number since 1970."""
    at = day * DAY + STATED
    for name, total in totals.items():
        data = {"name": name, "total": total, "as_of": at}
        yield Fact(at, f"s{seed}-{name}-{day}", device, TOTAL, data, system)


def grown(at_start: float, a_year: float, day: int, *, at_most: int | None = None) -> int:
    """A total that was `at_start` at the beginning of 2026 and grows by `a_year` (0.05: 5 % of it) every year."""
    total = max(0, round(at_start * (1 + a_year * (day - _START) / 365)))
    return total if at_most is None else min(total, at_most)
