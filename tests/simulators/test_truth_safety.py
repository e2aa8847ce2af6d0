"""The truth of annex 4, tables 9 and 10 and of the centre's own rows, on cases small enough to count by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from simulators.facts import Fact, encode
from simulators.moments import DAY, HOUR, MINUTE
from simulators.truths import TRUTHS
from simulators.truths.events import Events, Place
from simulators.truths.values import Answer, Asked, answer

T = 1_795_046_400_000
WINDOW = (T - DAY, T)


def told(system: str, kind: str, at: int, number: int | str = 0, /, **data: Any) -> bytes:
    name = kind if kind.startswith("reference.") else f"{system}.{kind}"
    return encode("karaganda", Fact(at, f"{kind}-{at}-{number}", "d-1", name, data, system))


def total(system: str, name: str, total: int, at: int = T - HOUR) -> bytes:
    return told(system, "reference.total-reported", at, name, name=name, total=total, as_of=at)


def truth(code: str, *events: bytes, category: str = "regional") -> Answer:
    asked = Asked(WINDOW, (T - 2 * DAY, T - DAY), T, DAY)
    return answer(TRUTHS[code], Events(events, Place(category, "Asia/Almaty")), asked)


def processed(number: int, by: str, outcome: str) -> bytes:
    at = T - HOUR + number
    data = {"violation": f"v-{number}", "recorded_at": at - MINUTE, "processed_at": at, "by": by, "outcome": outcome}
    return told("video", "violation-processed", at, number, **data)


def verified(number: int, outcome: str) -> bytes:
    at = T - HOUR + number
    data = {"incident": f"i-{number}", "detected_at": at - MINUTE, "verified_at": at, "outcome": outcome}
    return told("video", "incident-verified", at, number, **data)


def test_confirmed_violations_per_thousand_vehicles() -> None:
    judged = [
        processed(1, "system", "confirmed"),
        processed(2, "inspector", "confirmed"),
        processed(3, "system", "false"),
    ]
    assert truth("9.2", *judged, total("public-safety", "vehicles", 500)) == Answer(2, 500, Fraction(4), "fresh")
    assert truth("9.2", *judged).value is None


def test_a_violation_not_yet_processed_stays_in_the_total() -> None:
    recorded = [
        told(
            "video",
            "violation-recorded",
            T - HOUR,
            n,
            violation=f"v-{n}",
            camera="c",
            kind="parking",
            recorded_at=T - HOUR,
        )
        for n in range(4)
    ]
    judged = processed(1, "system", "false"), processed(2, "inspector", "confirmed")
    assert truth("9.3", *recorded, *judged) == Answer(1, 4, Fraction(25), "fresh")


def test_a_fine_counts_when_it_falls_due_and_late_payment_does_not_help() -> None:
    def fine(number: int, due: int, paid: int | None) -> list[bytes]:
        common = {"fine": f"f-{number}", "imposed_at": due - DAY, "due_at": due, "amount_tiyn": 100}
        imposed = told("video", "fine-imposed", due - DAY, number, **common, violation="v")
        return [imposed] + ([told("video", "fine-paid", paid, number, **common, paid_at=paid)] if paid else [])

    events = [
        *fine(1, T - HOUR, T - HOUR),
        *fine(2, T - HOUR, T - HOUR + 1),
        *fine(3, T - 1, None),
        *fine(4, T, T - HOUR),
    ]
    assert truth("9.5", *events) == Answer(1, 3, Fraction(100, 3), "fresh")


def test_false_sightings_are_no_districts() -> None:
    events = [processed(1, "system", "false"), processed(2, "system", "confirmed"), verified(3, "false")]
    assert truth("9.9", *events) == Answer(2, 3, Fraction(200, 3), "fresh")
    assert truth("9.9", *events, category="district") == Answer(1, 2, Fraction(50), "fresh")


def test_only_confirmed_incidents_are_counted() -> None:
    assert truth("9.6", verified(1, "confirmed"), verified(2, "false"), verified(3, "confirmed")).value == 2


def test_means_are_in_minutes() -> None:
    at = T - HOUR
    notice = told("video", "notice-sent", at, violation="v", recorded_at=at - 90_000, sent_at=at, channel="app")
    taken = told(
        "video", "incident-responded", at, incident="i", detected_at=at - 8 * MINUTE, responded_at=at, service="s"
    )
    left = told("fire-safety", "crew-departed", at, call="c", received_at=at - MINUTE, due_at=at, departed_at=at)
    assert truth("9.4", notice).value == Fraction(3, 2)
    assert truth("9.8", taken).value == 8
    assert truth("10.1", left).value == 1


def test_roads_watched_over_all_roads() -> None:
    events = total("video", "roads_enforced_m", 30_000), total("roads", "roads_m", 120_000)
    assert truth("9.1", *events) == Answer(30_000, 120_000, Fraction(25), "fresh")


def test_fire_calls() -> None:
    at = T - HOUR
    common = {"site": "s", "origin": "sensor", "received_at": at, "due_at": at + 5 * MINUTE}
    calls = [
        told("fire-safety", "call-received", at, 1, call="1", **common),
        told("fire-safety", "call-received", at, 2, call="2", **common, repeat_of="1"),
    ]
    left = told(
        "fire-safety",
        "crew-departed",
        at,
        call="1",
        received_at=at,
        due_at=at + 5 * MINUTE,
        departed_at=at + 5 * MINUTE,
    )
    assert truth("10.2", *calls, left) == Answer(1, 2, Fraction(50), "fresh")
    assert truth("10.5", *calls) == Answer(1, 2, Fraction(50), "fresh")


@pytest.mark.parametrize(("category", "minutes"), [("republican", 6), ("regional", 10), ("district", 15)])
def test_a_crew_is_awaited_for_so_long(category: str, minutes: int) -> None:
    def call(number: int, took: int | None) -> list[bytes]:
        at = T - HOUR
        common = {"call": f"c-{number}", "service": "fire", "received_at": at}
        arrived = (
            []
            if took is None
            else [told("emergency", "crew-arrived", at + took, number, **common, arrived_at=at + took)]
        )
        return [told("emergency", "call-received", at, number, **common), *arrived]

    events = [*call(1, minutes * MINUTE), *call(2, minutes * MINUTE + 1), *call(3, None)]
    assert truth("1.11", *events, category=category) == Answer(1, 3, Fraction(100, 3), "fresh")


def test_major_incidents_and_serious_crimes_against_the_window_before() -> None:
    hourly = [T - 2 * DAY + n * HOUR for n in range(48)]
    incidents = [
        told("emergency", "incident-registered", at, incident=f"i-{at}", kind="fire", happened_at=at, registered_at=at,
             scale="major" if n % (6 if at < T - DAY else 8) == 0 else "ordinary")
        for n, at in enumerate(hourly)
    ]  # fmt: skip
    assert truth("1.12", *incidents).value == -25  # 4, then 3
    crimes = [
        told("public-safety", "crime-registered", at, crime=f"c-{at}", registered_at=at,
             gravity=("serious", "especially-serious", "medium", "minor")[n % 4 if at < T - DAY else n % 3])
        for n, at in enumerate(hourly)
    ]  # fmt: skip
    assert truth("1.13", *crimes).value == Fraction(100, 3)  # 12, then 16


def test_jobs_of_their_kinds() -> None:
    def job(number: int, kind: str, done: int | None) -> list[bytes]:
        common = {"job": f"j-{number}", "kind": kind, "ordered_at": T - 3 * HOUR, "due_at": T - HOUR}
        ordered = told("housing", "job-ordered", T - 3 * HOUR, number, **common)
        return [ordered] + ([told("housing", "job-done", done, number, **common, done_at=done)] if done else [])

    events = [
        *job(1, "road-repair", T - 2 * HOUR), *job(2, "street-lighting", None), *job(3, "refuse-collection", T - 1),
        *job(4, "violation-removal", T - 2 * HOUR), *job(5, "yard", T - 2 * HOUR),
    ]  # fmt: skip
    assert [truth(code, *events)[:2] for code in ("1.14", "1.15", "1.18")] == [(1, 1), (0, 1), (1, 2)]


def test_the_centre_itself() -> None:
    at = T - HOUR
    probes = [
        told("situation-centre", "page-probed", T - n * 5 * MINUTE, begun_at=T - (n + 1) * 5 * MINUTE, good=n != 0,
             ended_at=T - n * 5 * MINUTE)
        for n in range(288)
    ]  # fmt: skip
    assert truth("1.2", *probes).value == Fraction(28700, 288)
    opened = [
        told("situation-centre", "incident-registered", at, n, incident=f"i-{n}", origin="video", registered_at=at)
        for n in (1, 2)
    ]
    handled = told(
        "situation-centre", "incident-handled", at, incident="i-1", registered_at=at, handled_at=at, by="system"
    )
    assert truth("1.7", *opened, handled) == Answer(1, 2, Fraction(50), "fresh")
    mapped = (
        total("situation-centre", "critical_objects", 200),
        total("situation-centre", "critical_objects_mapped", 190),
    )
    assert truth("1.5", *mapped).value == 95


def test_green_area_against_a_year_before() -> None:
    events = total("greenery", "green_m2", 1000, T - DAY - HOUR), total("greenery", "green_m2", 1030)
    assert truth("1.20", *events).value == 3
    assert truth("1.20", total("greenery", "green_m2", 1030)).value is None


def test_updates_by_category_of_data_and_none_where_a_connected_system_is_silent() -> None:
    events = [total("video", "a", 1, T - n * HOUR - 1) for n in range(24)]
    events += [total("waste", "a", 1, T - n * HOUR - 1) for n in range(12)]
    events += [total("environment", "a", 1, T - 30 * HOUR)]
    assert truth("1.4", *events).value == {"safety": 1}
