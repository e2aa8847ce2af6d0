"""What electricity, water, heat and gas have in common: meters read, supply interrupted and restored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from schemas.catalogue import Category
from simulators import seasons, surveys
from simulators.cases import Case, around, begun, placed
from simulators.cities import City
from simulators.facts import Fact
from simulators.inventory import grown, stated
from simulators.moments import DAY, HOUR, MINUTE
from simulators.rhythm import SLOT
from simulators.streams import merged, slotted
from simulators.system import System

COLLECTORS: Final = ("collector-1", "collector-2")
"""They pass on what smart meters read by themselves …"""
BILLING: Final = "billing-1"
"""… and this is told what somebody wrote down."""
DISPATCH: Final = "dispatch-1"
REGISTER: Final = "register-1"
LONGEST_OUTAGE: Final = 3 * DAY
_READINGS: Final = 320
"""A day, at volume 1."""
_PLANNED: Final = 0.25
_WRITING_DAYS: Final = range(20, 26)
"""Residents send what they read in these days of the month."""

PerCategory = Mapping[Category, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """How one supply works in cities of each category."""

    name: str
    unit: str
    """Field of a reading's consumption: `consumption_wh`, `consumption_l`."""
    monthly: int
    """Median consumption of an account in a summer month, in that unit …"""
    winter: float
    """… and how many times that it is in the cold, at 1."""
    outages: float
    """A day, at volume 1."""
    restored_min: PerCategory
    """Median time until supply is restored after an accident."""
    automatic: PerCategory
    """Share of readings that nobody wrote down."""
    smart: PerCategory
    """Share of buildings with a smart meter at the beginning of 2026."""
    connected: float
    """Buildings per resident."""
    liked: PerCategory
    """Mean answer to a survey, of 10."""
    only_in_winter: bool = False
    """Accidents happen in the heating season only."""

    @property
    def system(self) -> System:
        """The simulated system."""
        devices = (*COLLECTORS, BILLING, DISPATCH, REGISTER, surveys.DEVICE)
        return System(self.name, devices=lambda _city: devices, facts=self._facts)

    def _facts(self, seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
        return merged(
            (
                slotted(begin, end, lambda slot: self._readings(seed, city, slot), life=0),
                slotted(begin, end, lambda slot: self._outages(seed, city, slot), life=LONGEST_OUTAGE),
                slotted(begin, end, lambda day: self._register(seed, city, day), life=DAY, slot=DAY),
                slotted(begin, end, lambda slot: self._surveys(seed, city, slot), life=0),
            )
        )

    def _readings(self, seed: int, city: City, slot: int) -> Iterator[Fact]:
        share = self.automatic[city.category]
        daily = _READINGS * city.volume
        for case in begun(seed, city, f"{self.name}-automatic", slot, daily * share, night=1.0):
            yield self._reading(seed, city, case, "automatic", case.rng.choice(COLLECTORS))
        written = daily * (1 - share) * _writing(city, slot * SLOT)
        for case in begun(seed, city, f"{self.name}-manual", slot, written):
            yield self._reading(seed, city, case, "manual", BILLING)

    def _reading(self, seed: int, city: City, case: Case, method: str, device: str) -> Fact:
        before = case.begun - 30 * DAY - case.rng.randrange(-2 * DAY, 2 * DAY)
        level = 1 + (self.winter - 1) * seasons.cold(seed, city, case.begun - 15 * DAY)
        data = {
            **placed(case.rng, city),
            "account": f"{case.rng.randrange(10**8, 10**9)}",
            "method": method,
            "begun_at": before,
            "read_at": case.begun,
            self.unit: around(case.rng, self.monthly * level, 0.5),
        }
        return Fact(case.begun, case.code, device, f"{self.name}.reading-accepted", data, self.name)

    def _outages(self, seed: int, city: City, slot: int) -> Iterator[Fact]:
        for case in begun(seed, city, f"{self.name}-outage", slot, self.outages * city.volume, night=0.5):
            planned = case.rng.random() < _PLANNED
            took = around(case.rng, 4 * HOUR if planned else self.restored_min[city.category] * MINUTE, 0.5)
            if planned or not self.only_in_winter or seasons.is_heating(city, case.begun):
                place = placed(case.rng, city)
                yield from self.outage(case.code, case.begun, case.begun + took, place, planned=planned)

    def outage(
        self, code: str, begin: int, end: int, place: Mapping[str, str], *, planned: bool = False
    ) -> Iterator[Fact]:
        """An interruption and its end, which comes within `LONGEST_OUTAGE`."""
        end = min(end, begin + LONGEST_OUTAGE - 1)
        data: dict[str, Any] = {**place, "outage": code, "cause": "planned" if planned else "accident"}
        data["begun_at"] = begin
        yield Fact(begin, f"{code}-begun", DISPATCH, f"{self.name}.outage-begun", data, self.name)
        restored = {**data, "restored_at": end}
        yield Fact(end, f"{code}-restored", DISPATCH, f"{self.name}.supply-restored", restored, self.name)

    def _register(self, seed: int, city: City, day: int) -> Iterator[Fact]:
        connected = grown(max(20, city.residents * self.connected), 0.01, day)
        smart = grown(self.smart[city.category] * connected, 0.06, day, at_most=connected)
        totals = {f"buildings_on_{self.name}": connected, f"buildings_smart_{self.name}": smart}
        yield from stated(seed, self.name, REGISTER, day, totals)

    def _surveys(self, seed: int, city: City, slot: int) -> Iterator[Fact]:
        return surveys.in_slot(seed, city, slot, self.name, self.liked[city.category])


def _writing(city: City, ms: int) -> float:
    """How many residents send a reading on this day, against the month's mean."""
    return 3.0 if seasons.local_date(city, ms).day in _WRITING_DAYS else 0.5
