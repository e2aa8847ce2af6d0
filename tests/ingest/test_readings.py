"""From names, units and limits to one event: what is taken, what is not, and where the rest goes."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from schemas.dead_letter import Reason
from schemas.device import Device, read_channels
from schemas.identity import Identity
from services.ingest.channels import accept_message
from services.ingest.registry import DeviceRegistry
from services.ingest.validation import Accepted, Limits, Outcome, Rejected
from tests.ingest.events import NOW

LIMITS = Limits()
METER = Identity("karaganda", "water", "meter-1")
T = NOW.timestamp()


def registry(channels: str = "", **fields: Any) -> DeviceRegistry:
    return DeviceRegistry([Device(**METER._asdict(), channels=read_channels(channels), **fields)])


def judge(records: list[dict[str, Any]], known: DeviceRegistry, identity: Identity = METER) -> list[Outcome]:
    return accept_message(identity, "senml", json.dumps(records).encode(), NOW, LIMITS, known)


def only(outcomes: list[Outcome]) -> dict[str, Any]:
    (outcome,) = outcomes
    assert isinstance(outcome, Accepted), outcome
    (reading,) = json.loads(outcome.body)["data"]["readings"]
    found: dict[str, Any] = reading
    return found


def test_a_name_becomes_a_channel_of_a_quantity_in_its_unit() -> None:
    reading = only(judge([{"n": "T", "v": 212, "t": T}], registry("T=water_temperature[degF]>outlet")))
    assert reading == {
        "channel": "outlet",
        "quantity": "water_temperature",
        "unit": "Cel",
        "time": "2026-03-10T12:00:00Z",
        "value": 100.0,
    }


def test_the_unit_of_the_message_is_the_one_that_counts_and_scale_comes_before_it() -> None:
    known = registry("V=water_volume[l]*10")
    assert only(judge([{"n": "V", "v": 7, "t": T}], known))["value"] == 0.07
    assert only(judge([{"n": "V", "u": "m3", "v": 7, "t": T}], known))["value"] == 70


@pytest.mark.parametrize(
    ("channels", "record", "reason"),
    [
        ("V=water_volume", {"n": "W", "v": 1}, Reason.UNKNOWN_CHANNEL),
        ("V=water_volume", {"n": "V", "u": "Cel", "v": 1}, Reason.WRONG_UNIT),
        ("V=water_volume", {"n": "V", "u": "M3", "v": 1}, Reason.WRONG_UNIT),
        ("V=water_consumption", {"n": "V", "v": -0.001}, Reason.IMPOSSIBLE_VALUE),
        ("V=fill_level", {"n": "V", "v": 300}, Reason.IMPOSSIBLE_VALUE),
        ("V=fill_level[/]", {"n": "V", "v": 3}, Reason.IMPOSSIBLE_VALUE),
        ("V=fill_level", {"n": "V", "vs": "full"}, Reason.INVALID_FIELD),
        ("V=fill_level", {"n": "V", "vb": True}, Reason.INVALID_FIELD),
        ("V=door_open", {"n": "V", "v": 2}, Reason.INVALID_FIELD),
        ("V=state", {"n": "V", "v": 2}, Reason.INVALID_FIELD),
        ("V=state", {"n": "V", "vs": "x" * 300}, Reason.INVALID_FIELD),
        ("V=air_temperature", {"n": "V", "u": "K", "s": 2}, Reason.WRONG_UNIT),
        ("V=water_volume", {"n": "V", "v": 1, "t": -15 * 86_400}, Reason.TOO_OLD),
    ],
)
def test_what_cannot_be_taken_is_replayable_alone(channels: str, record: dict[str, Any], reason: Reason) -> None:
    known = registry(f"{channels}; good=water_level")
    good, bad = judge([{"bt": T, "n": "good", "v": 1}, record], known)
    assert isinstance(good, Accepted)
    assert isinstance(bad, Rejected)
    assert (bad.reason, bad.topic) == (reason, "ahual/v1/karaganda/water/meter-1/senml")
    assert bad.field == "$[1]"
    (again,) = accept_message(METER, "senml", bad.payload, NOW, LIMITS, known)
    if reason is not Reason.TOO_OLD:  # the pack's newest is gone
        assert isinstance(again, Rejected)
        assert again.reason is reason
    (right,) = accept_message(METER, "senml", bad.payload, NOW, LIMITS, registry("W=water_volume; V=-; *=-")) or (None,)
    assert right is None or isinstance(right, Accepted)


def test_letters_of_one_reason_go_together() -> None:
    outcomes = judge([{"bt": T, "n": name, "v": 1} for name in ("x", "y", "z")], registry())
    (letter,) = outcomes
    assert isinstance(letter, Rejected)
    assert "(and 2 more readings)" in letter.detail
    assert [record["n"] for record in json.loads(letter.payload)] == ["x", "y", "z"]


def test_numbers_as_text_and_flags_as_numbers_are_understood() -> None:
    assert only(judge([{"n": "V", "vs": "7.5", "t": T}], registry("V=water_volume")))["value"] == 7.5
    assert only(judge([{"n": "D", "v": 1, "t": T}], registry("D=door_open")))["flag"] is True


def test_a_sum_is_converted_with_its_value() -> None:
    reading = only(judge([{"n": "F", "u": "l/s", "v": 5, "s": 3600, "t": T}], registry("F=flow")))
    assert (reading["value"], reading["sum"]) == (0.005, 3.6)
    assert "value" not in only(judge([{"n": "F", "s": 3600, "t": T}], registry("F=flow")))


def test_who_is_not_registered_is_told_so_with_the_whole_payload() -> None:
    payload = b'[{"n":"V","v":1}]'
    (letter,) = accept_message(METER, "senml", payload, NOW, LIMITS, DeviceRegistry())
    assert isinstance(letter, Rejected)
    assert (letter.reason, letter.payload, letter.topic) == (Reason.UNKNOWN_DEVICE, payload, None)


def test_names_that_are_left_out_on_purpose_are_no_mistakes() -> None:
    assert judge([{"n": "debug", "v": 1}, {"n": "anything", "v": 2}], registry("debug=-; *=-")) == []
    outcomes = judge([{"n": "debug", "v": 1}, {"n": "anything", "v": 2}], registry("debug=-"))
    assert [outcome.reason for outcome in outcomes if isinstance(outcome, Rejected)] == [Reason.UNKNOWN_CHANNEL]


def test_a_clock_that_is_ahead_and_a_pack_that_is_too_long_concern_the_whole_message() -> None:
    known = registry("V=water_volume")
    (letter,) = judge([{"n": "V", "v": 1, "t": T}, {"n": "V", "v": 1, "t": T + 301}], known)
    assert isinstance(letter, Rejected)
    assert (letter.reason, letter.field) == (Reason.FUTURE_TIME, "$[1]")
    (letter,) = judge([{"n": "V", "v": 1}] * 1001, known)
    assert isinstance(letter, Rejected)
    assert letter.reason is Reason.OVERSIZED


def test_a_gateway_speaks_for_the_devices_behind_it() -> None:
    known = registry("own=water_level", district="north")
    behind = {"city": "karaganda", "system": "water", "gateway": "meter-1", "channels": read_channels("V=water_volume")}
    known.put([Device(device="m-2", alias="m-2:", district="south", **behind)])
    known.put([Device(device="m-3", alias="m-3:", district="north", **behind)])
    records = [{"bt": T, "n": "own", "v": 1}, {"n": "m-2:V", "v": 2}, {"n": "m-3:V", "v": 3}]
    (outcome,) = judge(records, known)
    assert isinstance(outcome, Accepted)
    data = json.loads(outcome.body)["data"]
    assert data["district"] == "north"
    assert [(r["channel"], r.get("device"), r.get("district")) for r in data["readings"]] == [
        ("own", None, None), ("V", "m-2", "south"), ("V", "m-3", None)
    ]  # fmt: skip


def test_a_device_that_was_taken_away_is_unknown_from_that_day_on() -> None:
    known = registry("V=water_volume", removed_on=date(2026, 3, 10))
    before = datetime(2026, 3, 9, 23, 59, tzinfo=UTC).timestamp()
    good, bad = judge([{"n": "V", "v": 1, "t": before}, {"n": "V", "v": 2, "t": T}], known)
    assert isinstance(good, Accepted)
    assert isinstance(bad, Rejected)
    assert bad.reason is Reason.UNKNOWN_DEVICE
    known.put([Device(**METER._asdict(), channels=read_channels("V=water_volume"))])
    assert only(judge([{"n": "V", "v": 2, "t": T}], known))["value"] == 2


def test_a_device_that_changes_its_gateway_is_behind_the_new_one_only() -> None:
    known = registry()
    other = METER._replace(device="meter-2")
    known.put([Device(**other._asdict())])
    moved = {"city": "karaganda", "system": "water", "device": "m", "channels": read_channels("V=water_volume")}
    known.put([Device(gateway="meter-1", **moved)])
    assert isinstance(judge([{"n": "V", "v": 1, "t": T}], known)[0], Accepted)
    known.put([Device(gateway="meter-2", **moved)])
    assert isinstance(judge([{"n": "V", "v": 1, "t": T}], known)[0], Rejected)
    assert isinstance(judge([{"n": "V", "v": 1, "t": T}], known, other)[0], Accepted)
