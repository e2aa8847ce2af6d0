"""The cities that can be simulated, and how much happens in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from schemas.catalogue import Category


@dataclass(frozen=True, slots=True)
class Rates:
    """What happens on an ordinary weekday, before the day's own luck."""

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
    """A simulated city; code, category and time zone as in the installation's cities file."""

    code: str
    category: Category
    timezone: str
    names: Mapping[str, str]
    districts: tuple[str, ...]
    rates: Rates


CITIES: Final[Mapping[str, City]] = {
    city.code: city
    for city in (
        City(
            "karaganda",
            Category.REGIONAL,
            "Asia/Almaty",
            {"kk": "Қарағанды", "ru": "Караганда", "en": "Karaganda"},
            ("kazybek-bi", "alikhan-bokeikhan"),
            Rates(
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
            Rates(calls=12_000, requests=3900, wait_ms=9_000, repeated=0.2, forwarded=0.5, satisfaction=0.8),
        ),
        City(
            "taiynsha",
            Category.DISTRICT,
            "Asia/Almaty",
            {"kk": "Тайынша", "ru": "Тайынша", "en": "Taiynsha"},
            (),
            Rates(calls=450, requests=190, wait_ms=26_000, satisfaction=0.65),
        ),
    )
}
