"""What a batch says of objects on the map."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from schemas.events.envelope import canonical
from schemas.events.registry import EVENT_TYPES, REGISTRY, STRUCTS
from schemas.identity import Identity
from schemas.observed import load_observed
from services.scorer.observations import observed
from services.scorer.types import Decoded, EventKey

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
T = "2026-11-22T17:4{}:00Z"
READINGS = "kz.ahual.telemetry.readings-reported.v1"


def event(kind: str, data: dict[str, Any], time: str = T.format(5), system: str = "parking") -> Decoded:
    raw = {
        "specversion": "1.0",
        "id": "1",
        "source": f"/karaganda/{system}/gate",
        "type": kind,
        "time": time,
        "data": data,
    }
    body = canonical(REGISTRY.contracts[kind].model_validate_json(json.dumps(raw)))
    decoded: Any = msgspec.json.decode(body, type=STRUCTS[kind])
    return Decoded(EventKey(1, decoded.time), 0, Identity("karaganda", system, "gate"), "telemetry", 1, body, decoded)


def occupancy(occupied: int, time: str) -> Decoded:
    data = {"car_park": "p", "occupied": occupied, "places": 40, "observed_at": time}
    return event("kz.ahual.parking.occupancy-observed.v1", data, time)


def rows(*events: Decoded) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in observed(events, NOW).rows]


def test_the_newest_of_ten_minutes_stays_and_all_are_counted() -> None:
    found = rows(occupancy(10, T.format(7)), occupancy(30, T.format(9)), occupancy(20, T.format(8)))
    at = datetime(2026, 11, 22, 17, 40, tzinfo=UTC)
    assert found == [("karaganda", "car_park", "p", "occupancy", at, at + timedelta(minutes=9), 75.0, 3)]
    assert len(rows(occupancy(1, "2026-11-22T17:39:59Z"), occupancy(1, "2026-11-22T17:40:00Z"))) == 2


def test_readings_are_of_the_device_behind_the_gateway() -> None:
    reading = {"channel": "c", "quantity": "pm2_5", "unit": "ug/m3", "time": T.format(5)}
    door = {"channel": "lid", "quantity": "door_open", "time": T.format(5), "flag": True}
    state = {"channel": "s", "quantity": "state", "time": T.format(5), "text": "on"}
    pack = [{**reading, "value": 1.5}, {**reading, "value": 2.5, "device": "mast"}, door, state]
    found = rows(event(READINGS, {"readings": pack}, system="environment"))
    assert [(row[2], row[3], row[6]) for row in found] == [
        ("environment/gate", "c", 1.5),
        ("environment/gate", "lid", 1.0),
        ("environment/mast", "c", 2.5),
    ]


@pytest.mark.parametrize(("district", "channel"), [({"district": "north"}, "north"), ({}, "whole")])
def test_what_names_no_district_is_of_the_whole_city(district: dict[str, str], channel: str) -> None:
    data = {"outage": "o", "cause": "accident", "begun_at": T.format(5), **district}
    assert rows(event("kz.ahual.water.outage-begun.v1", data, system="water"))[0][2:4] == ("o", channel)


def test_what_nobody_can_ask_for_is_left_out() -> None:
    assert rows(occupancy(1, "2026-11-01T00:00:00Z")) == []


def test_every_field_that_is_named_is_there() -> None:
    for name, stated in load_observed().events.items():
        fields = EVENT_TYPES[name].model_fields
        named = {stated.object, stated.channel_of, stated.over, stated.value if isinstance(stated.value, str) else None}
        assert named - {None} <= set(fields), name
