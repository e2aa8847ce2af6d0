"""The truth about initiatives 11 to 16 and about 1.17, 1.19 and 1.21, on cases small enough to count by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest

from simulators.facts import Fact, encode
from simulators.moments import DAY, HOUR, MINUTE, milliseconds
from simulators.truths import TRUTHS
from simulators.truths.events import Events, Place
from simulators.truths.values import Answer, Asked
from simulators.truths.values import answer as truth

NOW = milliseconds(datetime(2026, 11, 22, 10, tzinfo=UTC))
MONTH = 30 * DAY
YEAR = 365 * DAY
SUPPLIES = pytest.mark.parametrize(
    ("number", "system", "category"),
    [(13, "electricity", "electricity"), (14, "water", "water-supply"), (15, "heat", "heating"), (16, "gas", "gas")],
)


def event(kind: str, time: int, /, system: str = "", **data: Any) -> bytes:
    system = system or kind.partition(".")[0]
    return encode("karaganda", Fact(time, f"{kind}-{time}-{sorted(data.items())}", "one", kind, data, system))


def answer(code: str, *events: bytes, length: int = MONTH) -> Answer:
    """Over the window that ends now."""
    begin = NOW - length
    seen = Events(events, Place("regional", "Asia/Almaty"))
    return truth(TRUTHS[code], seen, Asked((begin, NOW), (begin - length, begin), NOW, length))


def total(system: str, name: str, number: int, at: int = NOW - DAY) -> bytes:
    return event("reference.total-reported", at, system=system, name=name, total=number, as_of=at)


def survey(system: str, score: int, at: int = NOW - DAY, about: str = "") -> bytes:
    data: dict[str, Any] = {"survey": about or system, "score": score, "answered_at": at}
    return event("reference.survey-answered", at, system=system, **data)


def complaint(category: str, at: int, kind: str = "complaint") -> bytes:
    return event("contact-centre.request-registered", at, kind=kind, category=category)


@SUPPLIES
def test_buildings_with_smart_meters_of_those_connected(number: int, system: str, category: str) -> None:
    stated = (
        total(system, f"buildings_smart_{system}", 600, NOW - 2 * DAY),
        total(system, f"buildings_smart_{system}", 700),
        total(system, f"buildings_on_{system}", 1000),
    )
    assert answer(f"{number}.1", *stated)[:3] == (700, 1000, Fraction(70))


@SUPPLIES
def test_accidents_count_when_supply_is_back_planned_works_never(number: int, system: str, category: str) -> None:
    def restored(begun: int, at: int, cause: str = "accident") -> bytes:
        data: dict[str, Any] = {"outage": f"o-{begun}", "cause": cause, "begun_at": begun, "restored_at": at}
        return event(f"{system}.supply-restored", at, **data)

    events = (
        restored(NOW - 2 * HOUR, NOW - 2 * HOUR + 30 * MINUTE),
        restored(NOW - MONTH - HOUR, NOW - MONTH),
        restored(NOW - MONTH - HOUR, NOW - MONTH - 1),
        restored(NOW - 5 * HOUR, NOW - HOUR, "planned"),
        event(f"{system}.outage-begun", NOW - MINUTE, outage="o", cause="accident", begun_at=NOW - MINUTE),
    )
    assert answer(f"{number}.2", *events)[:3] == (90 * MINUTE, 2, Fraction(45))


@SUPPLIES
def test_readings_nobody_wrote_down(number: int, system: str, category: str) -> None:
    def read(at: int, method: str) -> bytes:
        return event(f"{system}.reading-accepted", at, account="1", method=method, begun_at=at - MONTH, read_at=at)

    events = (read(NOW - 1, "automatic"), read(NOW - 2, "automatic"), read(NOW - 3, "manual"), read(NOW, "manual"))
    assert answer(f"{number}.3", *events)[:3] == (2, 3, Fraction(200, 3))


@SUPPLIES
def test_complaints_per_thousand_residents(number: int, system: str, category: str) -> None:
    events = (
        total("situation-centre", "residents", 500_000),
        complaint(category, NOW - 1),
        complaint(category, NOW - DAY),
        complaint("lift", NOW - DAY),
        complaint(category, NOW - DAY - 1, kind="incident"),
    )
    assert answer(f"{number}.4", *events)[:3] == (2, 500_000, Fraction(2, 500))


@SUPPLIES
def test_satisfaction_is_of_the_supplys_own_survey(number: int, system: str, category: str) -> None:
    events = (survey(system, 9), survey(system, 6, NOW - 2 * DAY), survey(system, 1, NOW - 3 * DAY, about="roads"))
    assert answer(f"{number}.5", *events)[:3] == (15_000, 2, Fraction(15, 2))


@pytest.mark.parametrize(("code", "category"), [("11.5", "greenery"), ("12.3", "refuse")])
def test_complaints_about_the_city(code: str, category: str) -> None:
    events = (total("situation-centre", "residents", 10_000), complaint(category, NOW - 1))
    assert answer(code, *events)[:3] == (1, 10_000, Fraction(1, 10))


@pytest.mark.parametrize(("code", "system"), [("11.6", "greenery"), ("12.6", "waste")])
def test_satisfaction_with_the_city(code: str, system: str) -> None:
    assert answer(code, survey(system, 7), survey(system, 8, NOW - 2))[:3] == (15_000, 2, Fraction(15, 2))


@pytest.mark.parametrize(
    ("code", "system", "part", "whole"),
    [
        ("11.1", "greenery", "green_m2", "city_m2"),
        ("11.4", "greenery", "green_irrigated_m2", "green_m2"),
        ("12.4", "waste", "container_sites_monitored", "container_sites"),
    ],
)
def test_parts_of_inventories(code: str, system: str, part: str, whole: str) -> None:
    assert answer(code, total(system, part, 3), total(system, whole, 8))[:3] == (3, 8, Fraction(75, 2))


def planted(planting: str, trees: int, at: int) -> bytes:
    return event("greenery.trees-planted", at, planting=planting, trees=trees, planted_at=at)


def checked(planting: str, trees: int, at: int, surviving: int, check: int) -> bytes:
    data: dict[str, Any] = {
        "planting": planting,
        "trees": trees,
        "planted_at": at,
        "surviving": surviving,
        "checked_at": check,
    }
    return event("greenery.planting-checked", check, **data)


def test_trees_of_a_year() -> None:
    events = (planted("a", 20, NOW - 1), planted("b", 5, NOW - YEAR), planted("c", 9, NOW - YEAR - 1))
    assert answer("11.2", *events, length=YEAR)[:3] == (25, 0, Fraction(25))


def test_survival_is_that_of_trees_due_for_their_check_this_year() -> None:
    events = (
        planted("checked", 10, NOW - 2 * YEAR),
        checked("checked", 10, NOW - 2 * YEAR, 8, NOW - YEAR + DAY),
        planted("forgotten", 30, NOW - YEAR - 1),
        planted("not-due", 100, NOW - YEAR),
        checked("not-due", 100, NOW - YEAR, 100, NOW - 1),
        planted("due-before", 100, NOW - 2 * YEAR - 1),
    )
    assert answer("11.3", *events, length=YEAR)[:3] == (8, 40, Fraction(20))


def weighed(mass: int, at: int, collection: str = "mixed") -> bytes:
    return event("waste.load-weighed", at, load="w", collection=collection, mass_kg=mass, weighed_at=at)


def accepted(mass: int, at: int, use: str) -> bytes:
    return event("waste.load-accepted", at, load="w", plant="p", use=use, mass_kg=mass, accepted_at=at)


def test_waste_is_compared_by_mass() -> None:
    events = (
        weighed(6000, NOW - 1),
        weighed(2000, NOW - 2, "separate"),
        weighed(9000, NOW - MONTH - 1, "separate"),
        accepted(1200, NOW - 3, "recycled"),
        accepted(300, NOW - 4, "composted"),
        accepted(500, NOW - 5, "energy"),
    )
    assert answer("12.1", *events)[:3] == (2000, 8000, Fraction(25))
    assert answer("12.2", *events)[:3] == (1500, 8000, Fraction(75, 4))
    assert answer("1.19", *events)[:3] == (2000, 8000, Fraction(25))


def test_only_full_containers_waited() -> None:
    def emptied(at: int, filled: int | None) -> bytes:
        data: dict[str, Any] = {"site": "s", "container": "c", "emptied_at": at}
        return event("waste.container-emptied", at, **data | ({} if filled is None else {"filled_at": filled}))

    events = (emptied(NOW - 1, NOW - 1 - 3 * HOUR), emptied(NOW - 2, NOW - 2 - 6 * HOUR), emptied(NOW - 3, None))
    filled = event("waste.container-filled", NOW - 9, site="s", container="c", filled_at=NOW - 9, level_percent=90)
    assert answer("12.5", *events, filled)[:3] == (9 * HOUR, 2, Fraction(9, 2))


def test_air_is_clean_where_no_average_of_the_week_is_above_its_norm() -> None:
    def measured(pollutant: str, concentration: int, begun: int, averaging: str = "20min") -> bytes:
        data: dict[str, Any] = {"station": "post-1", "pollutant": pollutant, "averaging": averaging, "norm_ng_m3": 100}
        ended = begun + (20 * MINUTE if averaging == "20min" else DAY)
        return event(
            "environment.air-measured", ended, **data, concentration_ng_m3=concentration, begun_at=begun, ended_at=ended
        )

    events = (
        measured("no2", 100, NOW - HOUR),
        measured("no2", 7, NOW - 2 * HOUR),
        measured("pm10", 101, NOW - HOUR),
        measured("pm10", 5, NOW - 2 * HOUR),
        measured("pm10", 99, NOW - 2 * DAY, "24h"),
        measured("no2", 900, NOW - 7 * DAY - 1, "24h"),
    )
    numerator, denominator, value, _ = answer("1.17", *events, length=7 * DAY)
    assert (numerator, denominator, value) == (4, 5, Fraction(200, 3))


def test_energy_saved_needs_two_whole_years() -> None:
    def taken(day: int, amount: int, carrier: str = "heat") -> bytes:
        begun = NOW - day * DAY
        data: dict[str, Any] = {"building": "b", "carrier": carrier, "consumption_wh": amount, "begun_at": begun}
        return event("energy.consumption-metered", begun + DAY - 1, **data, ended_at=begun + DAY)

    before = [taken(day, 100) for day in range(366, 731)]
    now = [taken(day, 90) for day in range(1, 366)] + [taken(1, 5 * 365, "electricity")]
    assert answer("1.21", *before, *now, length=YEAR)[2:] == (Fraction(5), "fresh")
    assert answer("1.21", *before[:300], *now, length=YEAR)[2:] == (None, "missing")
