"""SenML packs: the examples of RFC 8428, its rules one by one, and whatever bytes somebody sends."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.dead_letter import Reason
from services.ingest.channels import accept_message
from services.ingest.errors import RejectedError
from services.ingest.readings import Pack
from services.ingest.registry import DeviceRegistry
from services.ingest.senml import parse
from services.ingest.validation import Accepted, Limits, Rejected
from tests.ingest import packs
from tests.ingest.events import NOW

LIMITS = Limits()
REGISTRY = DeviceRegistry([packs.REGISTERED])


def read(records: Any, content_type: str = "") -> Pack:
    return parse(json.dumps(records).encode(), content_type, NOW, LIMITS.max_bytes)


def accepted(payload: bytes, content_type: str = "") -> dict[str, Any]:
    (outcome,) = accept_message(packs.SENSOR, "senml", payload, NOW, LIMITS, REGISTRY, content_type=content_type)
    assert isinstance(outcome, Accepted), outcome
    event: dict[str, Any] = json.loads(outcome.body)
    return event


@pytest.mark.parametrize("name", packs.EXAMPLES)
def test_an_example_of_the_rfc_is_one_event(name: str) -> None:
    payload, content_type, readings, clockless = packs.EXAMPLES[name]
    event = accepted(payload, content_type)
    assert len(event["data"]["readings"]) == readings
    assert event.get("clockless", False) is clockless
    newest = max(reading["time"] for reading in event["data"]["readings"])
    assert event["time"] == (NOW.isoformat().replace("+00:00", "Z") if clockless else newest)


def test_base_fields_and_relative_times_are_those_of_the_rfcs_series() -> None:
    pack = parse(packs.SERIES, "", NOW, LIMITS.max_bytes)
    begin = datetime.fromtimestamp(1276020076.001, UTC)
    found = [(raw.name.rpartition(":")[2], raw.unit, raw.value, raw.time) for raw in pack.raws]
    assert found[0] == ("voltage", "V", 120.1, begin)
    assert found[1:] == [
        ("current", "A", value, begin + timedelta(seconds=t))
        for t, value in [(-5, 1.2), (-4, 1.3), (-3, 1.4), (-2, 1.5), (-1, 1.6), (0, 1.7)]
    ]
    assert parse(packs.SERIES_CBOR, "application/senml+cbor", NOW, LIMITS.max_bytes) == pack


def test_one_name_with_several_units_is_several_channels() -> None:
    readings = accepted(packs.MOVING)["data"]["readings"]
    assert [(r["quantity"], r["value"]) for r in readings[:3]] == [
        ("relative_humidity", 20.0), ("longitude", 24.30621), ("latitude", 60.07965)
    ]  # fmt: skip


def test_every_kind_of_value_has_its_place() -> None:
    readings = accepted(packs.KINDS)["data"]["readings"]
    assert [r.get("value", r.get("text", r.get("flag"))) for r in readings] == [23.1, "Machine Room", False, "aGkgCg"]


def test_the_same_pack_is_the_same_event_in_any_content_type() -> None:
    first, again = accepted(packs.SERIES), accepted(packs.SERIES)
    assert first == again
    cbor = accepted(packs.SERIES_CBOR)  # nobody said so, but no JSON begins with 0x87
    assert cbor["data"] == first["data"]
    assert cbor["id"] != first["id"]


def test_relative_is_what_is_less_than_two_to_the_28() -> None:
    pack = read([{"n": "a", "t": 2**28, "v": 1}])
    assert (pack.raws[0].time, pack.clockless) == (datetime.fromtimestamp(2**28, UTC), False)
    pack = read([{"n": "a", "t": 2**28 - 1, "v": 1}])
    assert (pack.raws[0].time, pack.clockless) == (NOW + timedelta(seconds=2**28 - 1), True)
    pack = read([{"bt": -60, "n": "a", "t": -2.5, "v": 1}, {"n": "b", "t": 1.7e9, "v": 2}])
    assert (pack.raws[0].time, pack.clockless) == (NOW - timedelta(seconds=62.5), True)


def test_base_values_and_sums() -> None:
    pack = read(
        [{"bn": "x", "bv": 20, "bs": 5, "n": "1", "v": 0.5, "s": 1}, {"n": "2"}, {"bv": None, "n": "3", "s": 2}]
    )
    assert [(raw.name, raw.value, raw.sum) for raw in pack.raws] == [("x1", 20.5, 6), ("x2", 20, None), ("x3", None, 7)]


def test_a_decimal_fraction_of_cbor_is_a_number() -> None:
    payload = cbor2.dumps([{0: "a", 2: cbor2.CBORTag(4, [-2, 27315])}])
    assert parse(payload, "application/senml+cbor", NOW, LIMITS.max_bytes).raws[0].value == 273.15


def test_unknown_fields_are_left_out_and_those_that_must_be_understood_are_refused() -> None:
    assert read([{"n": "a", "v": 1, "colour": "red"}]).raws[0].value == 1
    with pytest.raises(RejectedError, match="'colour_' must be understood") as caught:
        read([{"n": "b", "v": 1}, {"n": "a", "v": 1, "colour_": "red"}])
    assert (caught.value.reason, caught.value.field) == (Reason.INVALID_FIELD, "$[1].colour_")
    with pytest.raises(RejectedError, match="must be understood"):
        parse(cbor2.dumps([{0: "a", 2: 1, "x_": 1}]), "application/senml+cbor", NOW, LIMITS.max_bytes)


@pytest.mark.parametrize(
    ("records", "reason", "field"),
    [
        ([], Reason.EMPTY, None),
        ({"n": "a", "v": 1}, Reason.NOT_A_PACK, None),
        (["a"], Reason.NOT_A_PACK, None),
        ([{"n": "a"}], Reason.INVALID_FIELD, "$[0]"),
        ([{}], Reason.INVALID_FIELD, "$[0]"),
        ([{"v": 1}], Reason.INVALID_FIELD, "$[0].n"),
        ([{"n": "a", "v": 1, "vs": "x"}], Reason.INVALID_FIELD, "$[0]"),
        ([{"n": "a", "v": "1"}], Reason.INVALID_FIELD, "$[0].v"),
        ([{"n": "a", "v": True}], Reason.INVALID_FIELD, "$[0].v"),
        ([{"n": "a", "v": 10**400}], Reason.INVALID_FIELD, "$[0].v"),
        ([{"n": "a", "vb": 1}], Reason.INVALID_FIELD, "$[0].vb"),
        ([{"n": "a", "vs": 1}], Reason.INVALID_FIELD, "$[0].vs"),
        ([{"n": 1, "v": 1}], Reason.INVALID_FIELD, "$[0].n"),
        ([{"n": "a", "v": 1, "t": 1e300}], Reason.INVALID_FIELD, "$[0].t"),
        ([{"n": "a", "v": 1, "t": -1e300}], Reason.INVALID_FIELD, "$[0].t"),
        ([{"bver": 11, "n": "a", "v": 1}], Reason.INVALID_FIELD, "$[0].bver"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(records: Any, reason: Reason, field: str | None) -> None:
    with pytest.raises(RejectedError) as caught:
        read(records)
    assert (caught.value.reason, caught.value.field) == (reason, field)


@pytest.mark.parametrize(
    ("payload", "content_type", "reason"),
    [
        (b"", "", Reason.EMPTY),
        (b" ", "", Reason.EMPTY),
        (b"[{", "", Reason.MALFORMED_JSON),
        (b"\xff\xfe", "", Reason.INVALID_UTF8),
        (b"[" * 50_000, "", Reason.TOO_DEEP),
        (b"<sensml/>", "application/senml+xml", Reason.NOT_A_PACK),
        (b"[]", "application/senml+cbor", Reason.NOT_A_PACK),
        (b"\x81\xa1\x00\x61a", "application/senml+json", Reason.INVALID_UTF8),
        (b"\x81" * 1000, "application/senml+cbor", Reason.NOT_A_PACK),
        (b"\x81\xa2\x00\x61a\x02\x01\x00", "application/cbor", Reason.NOT_A_PACK),
        (b"\x80" * 300_000, "", Reason.OVERSIZED),
        (b"\x81\xa2\x00\x61a\x02\xf9\x7e\x00", "", Reason.INVALID_FIELD),
    ],
)
def test_what_is_no_pack_at_all(payload: bytes, content_type: str, reason: Reason) -> None:
    with pytest.raises(RejectedError) as caught:
        parse(payload, content_type, NOW, LIMITS.max_bytes)
    assert caught.value.reason is reason


labels = st.sampled_from(
    ["bn", "bt", "bu", "bv", "bs", "bver", "n", "u", "v", "vs", "vb", "vd", "s", "t", "ut", "x", "y_"]
)
values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=5)


@given(st.lists(st.dictionaries(labels, values, max_size=5), max_size=5), st.booleans())
def test_no_pack_makes_it_fail(records: list[dict[str, Any]], cbor: bool) -> None:
    payload = cbor2.dumps(records) if cbor else json.dumps(records, default=str).encode()
    for outcome in accept_message(packs.SENSOR, "senml", payload, NOW, LIMITS, REGISTRY):
        assert isinstance(outcome, Accepted) or outcome.detail


@given(st.binary(max_size=200), st.sampled_from(["", "application/senml+cbor", "application/senml+json"]))
def test_no_bytes_make_it_fail(payload: bytes, content_type: str) -> None:
    for outcome in accept_message(packs.SENSOR, "senml", payload, NOW, LIMITS, REGISTRY, content_type=content_type):
        assert isinstance(outcome, Accepted) or outcome.detail


@pytest.mark.parametrize("payload", [b'[{"bn":"a","bt":5}]', b"\x81\xa1\xf5\x01"])
def test_a_pack_without_a_reading_is_told(payload: bytes) -> None:
    [outcome] = accept_message(packs.SENSOR, "senml", payload, NOW, LIMITS, REGISTRY)
    assert isinstance(outcome, Rejected)
    assert outcome.reason is Reason.EMPTY
