"""The cities that can be simulated, and how much happens in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from schemas.catalogue import Category
from simulators.scenarios import Scenario, ScenarioName


@dataclass(frozen=True, slots=True)
class Rates:
    """What happens in the contact centre on an ordinary weekday, before the day's own luck."""

    calls: float
    """Calls a day."""
    requests: float
    """Requests registered a day."""
    wait_ms: float
    """Mean wait for an operator while the queue is not overloaded."""
    patience_ms: float = 300_000
    """Mean time after which a caller hangs up."""
    first_contact: float = 0.9
    """Share of requests other than incidents that the operator resolves at once."""
    first_contact_incident: float = 0.62
    forwarded: float = 0.72
    """Share of the requests not resolved at once that go to a specialised service."""
    repeated: float = 0.36
    """Share of complaints that repeat an earlier request."""
    pace: float = 0.8
    """Median time to resolve, as a share of the norm term."""
    unresolved: float = 0.03
    """Share of the requests not resolved at once that nobody ever closes."""
    satisfaction: float = 0.72
    """Mean survey score as a share of its scale."""


@dataclass(frozen=True, slots=True, eq=False)
class City:
    """A simulated city; code, category and time zone as in the installation's cities file.

    The figures are those of the real city, rounded.
    """

    code: str
    category: Category
    timezone: str
    names: Mapping[str, str]
    districts: tuple[str, ...]
    """Codes of its districts; empty where it has none."""
    latitude: float
    """Of its centre, in degrees …"""
    longitude: float
    """… and this one east."""
    residents: int
    vehicles: int
    road_m: int
    """Metres of road."""
    volume: float
    """How much a system reports: at 1 some 300 to 500 events a day."""
    rates: Rates
    scenarios: tuple[Scenario, ...] = ()
    watched_from: int | None = None
    """From then on (ms since 1970) a real `ahual probe` watches the page, and the simulated observer says nothing.
    What the page shows is then the real observer's alone: totals of two would be added up."""

    def suffers(self, scenario: ScenarioName, ms: int) -> bool:
        """Whether a scenario is under way at this moment (ms since 1970)."""
        return any(one.name == scenario and one.begin <= ms < one.end for one in self.scenarios)


CITIES: Final[Mapping[str, City]] = {
    city.code: city
    for city in (
        City(
            "karaganda",
            Category.REGIONAL,
            "Asia/Almaty",
            {"kk": "Қарағанды", "ru": "Караганда", "en": "Karaganda"},
            ("kazybek-bi", "alikhan-bokeikhan"),
            latitude=49.807,
            longitude=73.088,
            residents=520_000,
            vehicles=160_000,
            road_m=1_250_000,
            volume=1.0,
            rates=Rates(
                calls=4000,
                requests=1250,
                wait_ms=21_000,
                first_contact_incident=0.55,
                repeated=0.45,
                pace=0.95,
                satisfaction=0.67,
            ),
        ),
        City(
            "almaty",
            Category.REPUBLICAN,
            "Asia/Almaty",
            {"kk": "Алматы", "ru": "Алматы", "en": "Almaty"},
            ("alatau", "almaly", "auezov", "bostandyk", "zhetysu", "medeu", "nauryzbay", "turksib"),
            latitude=43.238,
            longitude=76.945,
            residents=2_300_000,
            vehicles=680_000,
            road_m=4_100_000,
            volume=3.0,
            rates=Rates(calls=12_000, requests=3900, wait_ms=9_000, repeated=0.2, forwarded=0.5, satisfaction=0.8),
        ),
        City(
            "taiynsha",
            Category.DISTRICT,
            "Asia/Almaty",
            {"kk": "Тайынша", "ru": "Тайынша", "en": "Taiynsha"},
            (),
            latitude=53.848,
            longitude=69.773,
            residents=11_000,
            vehicles=3_400,
            road_m=95_000,
            volume=0.15,
            rates=Rates(calls=450, requests=190, wait_ms=26_000, satisfaction=0.65),
        ),
    )
}
