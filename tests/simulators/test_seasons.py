"""Cold winters, heating and planting seasons, and what scenarios make of a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from simulators import seasons
from simulators.cities import CITIES, City
from simulators.facts import Fact
from simulators.moments import DAY, HOUR, milliseconds
from simulators.scenarios import Scenario
from simulators.systems import SYSTEMS

KARAGANDA = CITIES["karaganda"]
JANUARY = milliseconds(datetime(2027, 1, 12, tzinfo=UTC))
JULY = milliseconds(datetime(2026, 7, 12, tzinfo=UTC))


def told(system: str, city: City, begin: int, days: int) -> list[Fact]:
    return list(SYSTEMS[system].facts(1, city, begin, begin + days * DAY))


def of(facts: Iterable[Fact], kind: str) -> list[Fact]:
    return [fact for fact in facts if fact.kind == kind]


def test_winter_is_cold() -> None:
    def mean(begin: int) -> float:
        return sum(seasons.temperature(1, KARAGANDA, begin // DAY + day) for day in range(31)) / 31

    assert mean(JANUARY) < -10 < 15 < mean(JULY)


def test_seasons_begin_and_end_by_the_citys_own_date() -> None:
    def local(month: int, day: int) -> int:
        return milliseconds(datetime(2026, month, day, tzinfo=UTC)) - 5 * HOUR

    assert not seasons.is_heating(KARAGANDA, local(10, 15) - 1)
    assert seasons.is_heating(KARAGANDA, local(10, 15))
    assert seasons.is_heating(KARAGANDA, local(4, 15) - 1)
    assert not seasons.is_heating(KARAGANDA, local(4, 15))
    assert seasons.is_planting(KARAGANDA, local(4, 10))
    assert not seasons.is_planting(KARAGANDA, local(5, 20))


def test_heat_fails_in_the_heating_season_only_and_takes_more_in_the_cold() -> None:
    summer, winter = told("heat", KARAGANDA, JULY, 10), told("heat", KARAGANDA, JANUARY, 10)

    def accidents(facts: list[Fact]) -> int:
        return sum(fact.data["cause"] == "accident" for fact in of(facts, "heat.outage-begun"))

    def taken(facts: list[Fact]) -> int:
        readings = of(facts, "heat.reading-accepted")
        return sum(int(fact.data["consumption_wh"]) for fact in readings) // len(readings)

    assert accidents(summer) == 0 < accidents(winter)
    assert taken(winter) > 4 * taken(summer)


def test_a_burst_main_leaves_every_district_cold_until_it_is_mended() -> None:
    burst = Scenario("heat-main-burst", JANUARY + DAY, JANUARY + 2 * DAY)
    city = replace(KARAGANDA, scenarios=(burst,))
    cold = [f for f in told("heat", city, JANUARY, 4) if "burst" in f.id]
    assert {fact.data["district"] for fact in cold} == set(city.districts)
    restored = of(cold, "heat.supply-restored")
    assert {(fact.data["begun_at"], fact.data["restored_at"]) for fact in restored} == {(burst.begin, burst.end)}
    cut = [
        fact
        for hour in range(4 * 24)
        for fact in SYSTEMS["heat"].facts(1, city, JANUARY + hour * HOUR, JANUARY + (hour + 1) * HOUR)
    ]
    assert cut == told("heat", city, JANUARY, 4)


def test_a_burst_main_makes_residents_call() -> None:
    city = replace(KARAGANDA, scenarios=(Scenario("heat-main-burst", JANUARY, JANUARY + DAY),))

    def about_heat(city: City) -> int:
        facts = of(told("contact-centre", city, JANUARY, 1), "contact-centre.request-registered")
        return sum(fact.data["category"] == "heating" for fact in facts)

    assert about_heat(city) > 2 * about_heat(KARAGANDA)


def test_smog_is_above_the_norms() -> None:
    city = replace(KARAGANDA, scenarios=(Scenario("smog", JANUARY, JANUARY + 7 * DAY),))

    def exceeded(city: City) -> int:
        facts = of(told("environment", city, JANUARY, 7), "environment.air-measured")
        return sum(fact.data["concentration_ng_m3"] > fact.data["norm_ng_m3"] for fact in facts)

    assert exceeded(city) > 3 * exceeded(KARAGANDA)


def test_the_days_mean_is_that_of_its_spells() -> None:
    facts = of(told("environment", KARAGANDA, JANUARY, 2), "environment.air-measured")
    day = next(fact for fact in facts if fact.data["averaging"] == "24h" and fact.data["begun_at"] >= JANUARY)
    spells = [
        fact.data["concentration_ng_m3"]
        for fact in facts
        if fact.data["averaging"] == "20min"
        and (fact.device, fact.data["pollutant"]) == (day.device, day.data["pollutant"])
        and day.data["begun_at"] <= fact.data["begun_at"] < day.data["ended_at"]
    ]
    assert len(spells) == 72
    assert day.data["concentration_ng_m3"] == sum(spells) // 72


def test_trees_are_planted_in_season_and_checked_about_a_year_later() -> None:
    winter = told("greenery", KARAGANDA, JANUARY, 10)
    assert not of(winter, "greenery.trees-planted")
    year = told("greenery", KARAGANDA, JANUARY, 365)
    checks = of(year, "greenery.planting-checked")
    assert 1700 < sum(fact.data["trees"] for fact in of(year, "greenery.trees-planted")) < 2900
    assert checks
    assert all(335 * DAY <= fact.time - fact.data["planted_at"] < 385 * DAY for fact in checks)
