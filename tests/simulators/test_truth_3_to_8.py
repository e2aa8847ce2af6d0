"""The truth about initiatives 3 to 8 and about 1.16, on cases small enough to count by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest

from simulators.facts import Fact, encode
from simulators.moments import DAY, HOUR, MINUTE, SECOND, milliseconds
from simulators.truths import TRUTHS
from simulators.truths.events import Events, Place
from simulators.truths.values import Answer, Asked
from simulators.truths.values import answer as truth

NOW = milliseconds(datetime(2026, 11, 22, 10, tzinfo=UTC))
MONTH = 30 * DAY
YEAR = 365 * DAY
T = NOW - 5 * DAY


def event(kind: str, time: int, /, system: str = "", **data: Any) -> bytes:
    system = system or kind.partition(".")[0]
    return encode("karaganda", Fact(time, f"{kind}-{time}-{sorted(data.items())}", "one", kind, data, system))


def answer(code: str, *events: bytes, length: int = MONTH) -> Answer:
    """Over the window that ends now."""
    begin = NOW - length
    seen = Events(events, Place("regional", "Asia/Almaty"))
    return truth(TRUTHS[code], seen, Asked((begin, NOW), (begin - length, begin), NOW, length))


def total(system: str, name: str, number: int) -> bytes:
    return event("reference.total-reported", NOW - DAY, system=system, name=name, total=number, as_of=NOW - DAY)


def charge(code: str, due: int, *, automated: bool = True) -> bytes:
    return event(
        "settlement-centre.charge-issued",
        T,
        charge=code,
        charged_at=T,
        due_at=due,
        automated=automated,
        amount_tiyn=500,
    )


def payment(code: str, due: int, received: int, *, settles: bool = True, took: int = HOUR) -> bytes:
    data: dict[str, Any] = {"charge": code, "due_at": due, "received_at": received, "credited_at": received + took}
    return event("settlement-centre.payment-credited", received + took, settles=settles, automated=False, **data)


def corrected(code: str, found_by: str) -> bytes:
    data: dict[str, Any] = {
        "charge": code,
        "found_by": found_by,
        "charged_at": T - DAY,
        "corrected_at": T,
        "automated": True,
    }
    return event("settlement-centre.charge-corrected", T, **data)


DUE = T + 3 * DAY
PAYMENTS = (
    charge("to the millisecond", DUE),
    payment("to the millisecond", DUE, DUE),
    charge("late", DUE),
    payment("late", DUE, DUE + 1),
    charge("half", DUE),
    payment("half", DUE, T + HOUR, settles=False),
    charge("never", DUE),
    charge("due later", NOW + DAY),
    payment("due later", NOW + DAY, T + HOUR),
)


def test_payments_in_time_are_a_cohort_of_their_due_date() -> None:
    assert answer("3.1", *PAYMENTS)[:3] == (1, 4, Fraction(25))
    assert answer("3.2", *PAYMENTS)[:3] == (1, 4, Fraction(75))


def test_payments_are_counted_and_timed_from_receipt_to_crediting() -> None:
    paid = (payment("a", DUE, T, took=HOUR), payment("b", DUE, T + 1, settles=False, took=2 * HOUR))
    assert answer("3.3", *paid)[:3] == (2, 0, Fraction(2))
    assert answer("3.4", *paid)[:3] == (3 * HOUR, 2, Fraction(3, 2))


def test_operations_of_all_three_kinds_may_be_automated() -> None:
    operations = (charge("a", DUE), charge("b", DUE, automated=False), payment("a", DUE, T), corrected("a", "request"))
    assert answer("3.5", *operations, length=91 * DAY)[:3] == (2, 4, Fraction(50))


def test_charges_that_a_request_showed_to_be_wrong() -> None:
    charges = [charge(str(number), DUE) for number in range(50)]
    assert answer("3.6", *charges, corrected("1", "request"), corrected("2", "own_check"))[:3] == (1, 50, Fraction(2))


@pytest.mark.parametrize(
    ("code", "subject", "system"),
    [
        ("3.7", "settlement", "settlement-centre"),
        ("4.6", "transport", "public-transport"),
        ("5.6", "parking", "parking"),
        ("6.6", "traffic", "traffic"),
        ("7.6", "roads", "roads"),
        ("8.6", "stops", "smart-stops"),
    ],
)
def test_satisfaction_is_the_mean_of_its_own_survey(code: str, subject: str, system: str) -> None:
    scores = [(subject, 7), (subject, 10), ("gas", 1)]
    answers = [
        event("reference.survey-answered", T + n, system=system, survey=about, score=score, answered_at=T + n)
        for n, (about, score) in enumerate(scores)
    ]
    assert answer(code, *answers, length=91 * DAY)[:3] == (17_000, 2, Fraction(17, 2))


def trip(begin: int, length: int, *, on_schedule: bool = True) -> bytes:
    at = begin + length
    return event("public-transport.trip-completed", at, started_at=begin, ended_at=at, on_schedule=on_schedule)


def fares(at: int, passengers: int, cash: int = 0, cashless: int = 0) -> bytes:
    data: dict[str, Any] = {
        "began_at": at - HOUR,
        "ended_at": at,
        "passengers": passengers,
        "cash": cash,
        "cashless": cashless,
    }
    return event("public-transport.fares-collected", at, **data)


def test_travel_time_falls_against_the_year_before() -> None:
    before = (trip(NOW - YEAR - 9 * DAY, 50 * MINUTE), trip(NOW - YEAR - 8 * DAY, 30 * MINUTE))
    now = (trip(T, 38 * MINUTE),)
    assert answer("1.16", *before, *now, length=YEAR).value == Fraction(-5)
    assert answer("1.16", *now, length=YEAR).state == "missing"


def test_a_wait_is_half_the_interval_and_the_first_vehicle_has_none() -> None:
    def served(at: int, interval: int | None) -> bytes:
        data: dict[str, Any] = (
            {"departed_at": at} if interval is None else {"departed_at": at, "previous_at": at - interval}
        )
        return event("public-transport.stop-served", at, **data)

    stops = (served(T, 10 * MINUTE), served(T + HOUR, 14 * MINUTE), served(T + 2 * HOUR, None))
    assert answer("4.1", *stops)[:3] == (24 * MINUTE, 2, Fraction(6))


def test_a_cancelled_trip_was_not_on_schedule() -> None:
    cancelled = event("public-transport.trip-cancelled", T, planned_at=T)
    trips = (trip(T, HOUR), trip(T + 1, HOUR), trip(T + 2, HOUR, on_schedule=False), cancelled)
    assert answer("4.2", *trips)[:3] == (2, 4, Fraction(50))


def test_passengers_and_how_they_paid() -> None:
    collected = (fares(T, 100, cash=20, cashless=60), fares(T + HOUR, 50, cash=0, cashless=20))
    assert answer("4.3", *collected)[:3] == (150, 0, Fraction(150))
    assert answer("4.5", *collected)[:3] == (80, 100, Fraction(80))


def test_accidents_per_million_journeys_and_incidents_are_none() -> None:
    happened = [
        event("public-transport.accident-occurred", T + n, kind=k) for n, k in enumerate(("accident", "incident"))
    ]
    assert answer("4.7", fares(T, 250_000), *happened)[:3] == (1, 250_000, Fraction(4))


def test_integrations_are_a_total() -> None:
    assert answer("4.4", total("public-transport", "transport_integrations", 3), length=91 * DAY).value == 3


def parked(at: int, search: int) -> bytes:
    return event("parking.car-parked", at, entered_at=at - search, parked_at=at)


def complaint(category: str, kind: str = "complaint") -> bytes:
    return event("contact-centre.request-registered", T, kind=kind, category=category)


def test_car_parks_and_their_occupancy() -> None:
    parks = (total("parking", "car_parks", 40), total("parking", "car_parks_automated", 30))
    assert answer("5.1", *parks, length=91 * DAY)[:3] == (30, 40, Fraction(75))
    seen = [
        event("parking.occupancy-observed", T + n, occupied=occupied, places=places)
        for n, (occupied, places) in enumerate([(10, 100), (290, 300)])
    ]
    assert answer("5.2", *seen)[:3] == (300, 400, Fraction(75))


def test_searching_paying_and_complaining_of_those_who_park() -> None:
    cars = [parked(T + n * MINUTE, (n + 1) * MINUTE) for n in range(4)]
    assert answer("5.3", *cars)[:3] == (10 * MINUTE, 4, Fraction(5, 2))
    paid = [
        event("parking.parking-paid", T + n, channel=c) for n, c in enumerate(("online", "cash", "terminal", "online"))
    ]
    assert answer("5.4", *paid)[:3] == (2, 4, Fraction(50))
    asked = (complaint("parking"), complaint("roads"), complaint("parking", "inquiry"))
    assert answer("5.5", *cars, *asked)[:3] == (1, 4, Fraction(25))


def test_violations_for_a_thousand_places() -> None:
    seen = [event("parking.violation-recorded", T + n) for n in range(6)]
    assert answer("5.7", total("parking", "parking_places", 500), *seen)[:3] == (6, 500, Fraction(12))


def test_speed_counts_in_peak_hours_only() -> None:
    speeds = [(5_000, True), (10_000, True), (20_000, False)]
    seen = [event("traffic.speed-measured", T + n, speed_mm_s=v, peak=p) for n, (v, p) in enumerate(speeds)]
    assert answer("6.1", *seen).value == Fraction(27)  # 7.5 m/s


def test_journeys_and_incidents_take_minutes() -> None:
    travelled = [event("traffic.route-travelled", T, departed_at=T - n * MINUTE, arrived_at=T) for n in (20, 40)]
    assert answer("6.2", *travelled)[:3] == (HOUR, 2, Fraction(30))
    cleared = [event("traffic.incident-cleared", T, detected_at=T - n * SECOND, cleared_at=T) for n in (600, 1200)]
    assert answer("6.7", *cleared)[:3] == (30 * MINUTE, 2, Fraction(15))


def test_jams_are_a_share_of_the_observed_time() -> None:
    stretches = [(True, 10), (False, 30), (False, 40)]
    seen = [
        event("traffic.segment-observed", T + HOUR, jammed=jammed, begun_at=T, ended_at=T + length * MINUTE)
        for jammed, length in stretches
    ]
    assert answer("6.3", *seen)[:3] == (10 * MINUTE, 80 * MINUTE, Fraction(25, 2))


def test_road_accidents_belong_to_when_they_occurred() -> None:
    def accident(occurred: int) -> bytes:
        return event("traffic.road-accident-registered", occurred + HOUR, occurred_at=occurred)

    seen = (accident(T), accident(NOW - YEAR), accident(NOW - YEAR - 1))
    assert answer("6.4", total("public-safety", "vehicles", 40_000), *seen, length=YEAR)[:3] == (
        2,
        40_000,
        Fraction(1, 2),
    )


def test_traffic_lights() -> None:
    lights = (total("traffic", "traffic_lights", 200), total("traffic", "traffic_lights_automated", 150))
    assert answer("6.5", *lights, length=91 * DAY).value == 75


@pytest.mark.parametrize(
    ("code", "name", "length"),
    [
        ("7.1", "roads_good_m", 91 * DAY),
        ("7.4", "roads_monitored_m", 91 * DAY),
        ("7.7", "roads_repair_planned_m", YEAR),
    ],
)
def test_roads_are_measured_by_length(code: str, name: str, length: int) -> None:
    lengths = (total("roads", "roads_m", 1_000_000), total("roads", name, 800_000))
    assert answer(code, *lengths, length=length)[:3] == (800_000, 1_000_000, Fraction(80))


def test_defects_are_counted_on_100_km_and_their_repair_in_days() -> None:
    found = [event("roads.defect-found", T + n, found_at=T + n) for n in range(3)]
    assert answer("7.2", total("roads", "roads_m", 200_000), *found)[:3] == (3, 200_000, Fraction(3, 2))
    repaired = [event("roads.defect-repaired", T, found_at=T - n * DAY, repaired_at=T) for n in (1, 4)]
    assert answer("7.3", *repaired)[:3] == (5 * DAY, 2, Fraction(5, 2))


def test_complaints_about_roads_are_per_thousand_residents() -> None:
    residents = total("situation-centre", "residents", 2_000)
    assert answer("7.5", residents, complaint("roads"), complaint("stops"))[:3] == (1, 2_000, Fraction(1, 2))


@pytest.mark.parametrize(
    ("code", "name"),
    [("8.1", "stops_smart"), ("8.3", "stops_with_display"), ("8.4", "stops_with_wifi"), ("8.7", "stops_with_video")],
)
def test_stops_and_what_they_have(code: str, name: str) -> None:
    stops = (total("smart-stops", "stops", 50), total("smart-stops", name, 20))
    assert answer(code, *stops, length=91 * DAY)[:3] == (20, 50, Fraction(40))


def test_nobody_waits_where_nobody_boards() -> None:
    def arrived(at: int, wait: int | None) -> bytes:
        data: dict[str, Any] = {"arrived_at": at} if wait is None else {"arrived_at": at, "waiting_since_at": at - wait}
        return event("smart-stops.vehicle-arrived", at, **data)

    assert answer("8.2", arrived(T, 4 * MINUTE), arrived(T, 8 * MINUTE), arrived(T, None))[:3] == (
        12 * MINUTE,
        2,
        Fraction(6),
    )


def test_complaints_about_stops_are_per_thousand_passengers() -> None:
    assert answer("8.5", fares(T, 4_000), complaint("stops"), complaint("parking"))[:3] == (1, 4_000, Fraction(1, 4))
