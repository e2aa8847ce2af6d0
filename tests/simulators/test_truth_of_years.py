"""Two years of trees, of public buildings' energy and of trips through the scorer's own fold, against their truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import cache

import pytest

from schemas.catalogue import Period
from schemas.snapshot import Window
from simulators.facts import Fact
from simulators.moments import DAY, moment
from simulators.streams import merged
from simulators.systems import SYSTEMS
from simulators.truths import TRUTHS
from simulators.truths.events import Events, Place
from simulators.truths.values import Asked, answer
from tests.simulators.folded import Town
from tests.simulators.small import CITIES
from tests.simulators.test_truth_of_systems import assert_same

END = 1_795_046_400_000  # a midnight in UTC
YEAR = 365 * DAY
WINDOW = Window(begin=moment(END - YEAR), end=moment(END))
BEFORE = Window(begin=moment(END - 2 * YEAR), end=moment(END - YEAR))
ASKED = Asked((END - YEAR, END), (END - 2 * YEAR, END - YEAR), END, YEAR)


@cache
def town(code: str) -> tuple[Town, Events]:
    city = CITIES[code]
    told = [SYSTEMS[name] for name in ("greenery", "energy", "public-transport")]
    facts = list(merged((one.recalled or one.facts)(7, city, END - one.memory_days * DAY, END) for one in told))
    built = Town(city, facts, WINDOW.end + timedelta(hours=1))
    return built, Events(built.delivered, Place(city.category.value, city.timezone))


@pytest.mark.parametrize("code", ["1.16", "1.20", "1.21", "11.1", "11.2", "11.3", "11.4", "11.6"])
@pytest.mark.parametrize("city", ["taiynsha", "karaganda"])
def test_the_scorer_says_what_the_truth_says_of_a_year(city: str, code: str) -> None:
    built, events = town(city)
    expected = answer(TRUTHS[code], events, ASKED)
    assert expected.value is not None
    sums, found = built.value(code, WINDOW, BEFORE, Period.YEAR)
    assert (sums.numerator, sums.denominator) == (expected.numerator, expected.denominator)
    assert found.freshness == expected.state
    assert_same(found.value, expected.value)


def monthly(facts: Iterable[Fact]) -> Iterator[Fact]:
    """What was metered daily as a supplier tells it who reads the meters once in thirty days."""
    told: dict[tuple[str, str, int], list[Fact]] = {}
    for fact in facts:
        told.setdefault((fact.data["building"], fact.data["carrier"], fact.time // (30 * DAY)), []).append(fact)
    for (building, carrier, number), days in told.items():
        total = sum(day.data["consumption_wh"] for day in days)
        stretch = {"begun_at": min(day.data["begun_at"] for day in days), "ended_at": days[-1].data["ended_at"]}
        data = {"building": building, "carrier": carrier, "consumption_wh": total, **stretch}
        yield days[-1]._replace(id=f"{building}-{carrier}-{number}", data=data)


def test_energy_of_whole_months_is_compared_too_and_a_gap_is_no_saving() -> None:
    city, system = CITIES["taiynsha"], SYSTEMS["energy"]
    facts = sorted(monthly(system.facts(7, city, END - 731 * DAY, END)))
    silent = [fact for fact in facts if not END - 500 * DAY < fact.time < END - 400 * DAY]
    for told, known in ((facts, True), (silent, False)):
        built = Town(city, told, WINDOW.end + timedelta(hours=1))
        expected = answer(TRUTHS["1.21"], Events(built.delivered, Place(city.category.value, city.timezone)), ASKED)
        assert (expected.value is not None) is known
        _, found = built.value("1.21", WINDOW, BEFORE, Period.YEAR)
        assert (found.value is not None) is known
        assert found.freshness == expected.state
        if expected.value is not None:
            assert_same(found.value, expected.value)
