"""Load: the facts of systems at a rate no city has, each moved to the moment it is sent.

Dated totals are not among them: an inventory is its register's to state, and those of several sources are added up.
Which events come, in which order and how late, follows from the seed; when it starts is an argument.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from schemas.identity import Identity
from simulators.cities import CITIES, City
from simulators.facts import Fact
from simulators.faults import Faults, shifted
from simulators.inventory import TOTAL
from simulators.moments import DAY, MINUTE
from simulators.streams import merged
from simulators.systems import SYSTEMS
from simulators.wire import Message, Turn, messages, roles, spread

LATE: Final = (MINUTE, 2 * DAY)
"""How old a late fact is."""
LONGEST: Final = 3650 * DAY


@dataclass(frozen=True, slots=True)
class Load:
    """What to send."""

    city: str
    """Its code; where it is none of the simulated cities, what happens there is what happens in Karaganda."""
    seed: int
    rate: float
    """Messages a second."""
    duration_s: float
    devices: int = 4
    """Of each system."""
    systems: tuple[str, ...] = ("contact-centre",)
    faults: Faults = field(default_factory=Faults)

    @property
    def identities(self) -> tuple[Identity, ...]:
        """The devices that send it."""
        numbers = range(1, self.devices + 1)
        return tuple(Identity(self.city, system, f"load-{number}") for system in self.systems for number in numbers)

    def plan(self, start: int) -> Iterator[Message]:
        """All messages in the order of sending; `start` in ms since 1970 is the moment of the first."""
        rng = Random(f"{self.seed}/load/{start}")
        # A late fact is one that is old when it is sent; what comes after its turn is disorder.
        on_the_way = replace(self.faults, lateness=0.0)
        half = start + round(self.duration_s * 500)
        faulty = roles(self.identities, self.faults)
        return messages(self.city, self._turns(start, rng), on_the_way, faulty, rng, half)

    def _turns(self, start: int, rng: Random) -> Iterator[Turn]:
        told = facts_of(self.systems, self.seed, self._like(), start, start + LONGEST)
        facts = spread((fact for fact in told if fact.kind != TOTAL), self._device)
        for number in range(round(self.rate * self.duration_s)):
            due = start + round(number * 1000 / self.rate)
            late = self.faults.lateness and rng.random() < self.faults.lateness
            happened = due - rng.randrange(*LATE) if late else due
            fact = next(facts)
            yield Turn(shifted(fact, happened - fact.time), due, due)

    def _device(self, number: int, _fact: Fact) -> str:
        return f"load-{number % self.devices + 1}"

    def _like(self) -> City:
        return CITIES.get(self.city) or replace(CITIES["karaganda"], code=self.city)


def facts_of(systems: Sequence[str], seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
    """Those of several systems, in order."""
    return merged([SYSTEMS[name].facts(seed, city, begin, end) for name in systems])
