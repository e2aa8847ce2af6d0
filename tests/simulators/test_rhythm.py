"""The city's rhythm: districts differ, always alike, and not every service in the same order."""

from __future__ import annotations

import pytest

from simulators import rhythm
from simulators.cities import CITIES
from simulators.moments import DAY

NOW = 1_795_000_000_000


@pytest.mark.parametrize("code", ["almaty", "karaganda"])
def test_districts_differ_around_the_citys_mean(code: str) -> None:
    city = CITIES[code]
    found = rhythm.standing(109, city, "emergency")
    assert set(found) == set(city.districts)
    assert (min(found.values()), max(found.values())) == pytest.approx((0.9, 1.1))
    assert sum(found.values()) / len(found) == pytest.approx(1)
    best = {max(districts, key=districts.__getitem__) for districts in _services(code)}
    assert len(best) > 1, "no district is the best in everything"


def test_a_case_without_district_meets_the_citys_quality() -> None:
    city, today = CITIES["almaty"], rhythm.day(109, CITIES["almaty"], NOW // DAY).quality
    assert rhythm.quality(109, city, "emergency", NOW, {}) == today
    places = [rhythm.quality(109, city, "emergency", NOW, {"district": one}) for one in city.districts]
    assert max(places) / min(places) == pytest.approx(1.1 / 0.9)
    assert rhythm.standing(109, CITIES["taiynsha"], "emergency") == {}


def _services(code: str) -> list[dict[str, float]]:
    names = ("emergency", "roads", "housing", "traffic", "contact-centre", "waste", "parking")
    return [dict(rhythm.standing(109, CITIES[code], name)) for name in names]
