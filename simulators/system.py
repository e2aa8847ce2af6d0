"""What a simulated system is: who reports in a city, and what they report in a range of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simulators.cities import City
from simulators.facts import Fact


@dataclass(frozen=True, slots=True)
class System:
    """One system of annex 2, or a department that feeds the centre's own KPIs."""

    name: str
    """As in topics and sources."""
    devices: Callable[[City], tuple[str, ...]]
    """Everybody who reports in a city; nobody else does."""
    facts: Callable[[int, City, int, int], Iterator[Fact]]
    """`facts(seed, city, begin, end)`: those with begin <= time < end (ms since 1970), lazily, in the order of `Fact`.
    The same seed and city give the same facts, however the range is cut."""
    over_http: bool = False
    """A department that reports over HTTP; others are devices with an MQTT connection each."""
    memory_days: int = 0
    """So many days before a simulated range its facts must begin, so that its KPIs can be computed."""
    recalled: Callable[[int, City, int, int], Iterator[Fact]] | None = None
    """What is told of the memory days where all of its facts would be too many: a part of them, cut as one likes."""
