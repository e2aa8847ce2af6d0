"""What a batch shows of its sources."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from schemas.events.envelope import canonical
from schemas.events.registry import CONTRACTS
from services.scorer.activity import Device, Observed, observe
from services.scorer.decoding import RecordDecoder
from services.scorer.types import City, Record
from tests.scorer.events import answered

CITIES = {"karaganda": City("karaganda", "regional", "Asia/Almaty", 0)}
STORED_AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-22T{text}Z")


def observed(*bodies: bytes, arrived: str | None = "11:00:01") -> Observed:
    """Records that come to Kafka a second apart."""
    first = int(at(arrived).timestamp() * 1000) if arrived else 0
    records = [Record(10 + i, body, first and first + 1000 * i) for i, body in enumerate(bodies)]
    decoded, rejected = RecordDecoder().decode(records, CITIES)
    assert not rejected
    return observe(decoded, records, STORED_AT)


def device(*bodies: bytes, **how: Any) -> Device:
    [found] = observed(*bodies, **how).devices
    return found


def test_activity_is_hourly_with_the_newest_time() -> None:
    bodies = [answered(id="b"), answered("2026-11-22T10:59:00Z", id="a"), answered("2026-11-22T11:00:00Z", id="c")]
    hours = observed(*bodies).hours
    assert [(key.bucket.hour, found.events, found.newest.minute) for key, found in sorted(hours.items())] == [
        (10, 2, 59),
        (11, 1, 0),
    ]
    assert [found.events for found in observed(*bodies[:2]).hours.values()] == [2]


def test_a_device_is_seen_once_per_batch() -> None:
    late, newest = answered("2026-11-22T10:59:00Z", id="a"), answered("2026-11-22T11:00:00Z", id="b")
    found = device(newest, late)
    assert (found.identity.device, found.events) == ("pbx-1", 2)
    assert found.newest == at("11:00:00")
    assert (found.first_arrival, found.last_arrival) == (at("11:00:01"), at("11:00:02"))
    assert device(newest, arrived=None).last_arrival == STORED_AT


def test_drift_is_from_the_stamp_to_the_arrival() -> None:
    stamped = answered("2026-11-22T10:59:00Z", recordedtime="2026-11-22T11:00:31Z")
    assert device(stamped).drift_ms == 30_000
    assert device(answered(recordedtime="2026-11-22T10:59:59.500Z")).drift_ms == -1500


def test_an_import_and_a_source_without_clock_say_nothing_of_clocks() -> None:
    assert device(answered()).drift_ms is None
    clockless = device(answered(recordedtime="2026-11-22T11:00:31Z", clockless=True))
    assert (clockless.drift_ms, clockless.clockless) == (None, True)


def test_sequences_are_told_as_ranges() -> None:
    bodies = [answered(id=number, sequence=number) for number in ("7", "5", "6", "9")]
    assert device(*bodies).sequences == [[(5, 8), (9, 10)]]
    assert device(answered()).sequences == []


def test_an_event_about_a_stretch_reports_for_each_of_its_days_that_is_over() -> None:
    metered = {
        "specversion": "1.0",
        "id": "m-1",
        "source": "/karaganda/energy/supplier-1",
        "type": "kz.ahual.energy.consumption-metered.v1",
        "time": "2026-11-03T06:00:00Z",
        "data": {
            "building": "school-12",
            "carrier": "heat",
            "consumption_wh": 1_310_000,
            "begun_at": "2026-10-31T19:00:00Z",
            "ended_at": "2026-11-30T19:00:00Z",
        },
    }
    body = canonical(CONTRACTS[str(metered["type"])].model_validate_json(json.dumps(metered)))
    hours = observed(body).hours
    found = {(key.bucket.month, key.bucket.day, key.bucket.hour): one.events for key, one in hours.items()}
    assert found == {(10, 31, 19): 0, (11, 1, 19): 0, (11, 2, 19): 0, (11, 3, 6): 1}
