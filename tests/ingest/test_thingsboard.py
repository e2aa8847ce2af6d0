"""The payloads ThingsBoard documents, and what is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.dead_letter import Reason
from services.ingest.channels import accept_message
from services.ingest.errors import RejectedError
from services.ingest.registry import DeviceRegistry
from services.ingest.thingsboard import parse
from services.ingest.validation import Accepted, Limits
from tests.ingest.events import NOW
from tests.ingest.packs import TB_DEVICES, TB_EXAMPLES, THINGSBOARD

LIMITS = Limits()
REGISTRY = DeviceRegistry(TB_DEVICES)
NOW_TEXT = "2026-03-10T12:00:00Z"


@pytest.mark.parametrize("name", TB_EXAMPLES)
def test_a_documented_payload_is_one_event(name: str) -> None:
    payload, expected = TB_EXAMPLES[name]
    (outcome,) = accept_message(THINGSBOARD, "telemetry", payload, NOW, LIMITS, REGISTRY)
    assert isinstance(outcome, Accepted), outcome
    event = json.loads(outcome.body)
    found = [
        (r.get("device"), r["channel"], r.get("value", r.get("text")), r["time"]) for r in event["data"]["readings"]
    ]
    assert found == [(device, channel, value, time or NOW_TEXT) for device, channel, value, time in expected]
    assert event.get("clockless", False) is any(time is None for *_, time in expected)


def test_a_device_behind_the_gateway_that_nobody_registered_is_told_by_name() -> None:
    payload = b"""{"Device A": [{"ts": 1483228800000, "values": {"temperature": 42}}],
                   "Device C": [{"ts": 1483228800000, "values": {"temperature": 1}}]}"""
    strict = DeviceRegistry([TB_DEVICES[0].model_copy(update={"channels": {}}), *TB_DEVICES[1:]])
    good, bad = accept_message(THINGSBOARD, "telemetry", payload, NOW, LIMITS, strict)
    assert isinstance(good, Accepted)
    assert not isinstance(bad, Accepted)
    assert (bad.reason, bad.field) == (Reason.UNKNOWN_CHANNEL, "$.?[0].values.temperature")


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", Reason.EMPTY),
        (b"17", Reason.NOT_A_PACK),
        (b"[1]", Reason.NOT_A_PACK),
        (b"{bad", Reason.MALFORMED_JSON),
        (b'{"ts": "now", "values": {"a": 1}}', Reason.INVALID_FIELD),
        (b'{"ts": 1e300, "values": {"a": 1}}', Reason.INVALID_FIELD),
        (b'{"ts": true, "values": {"a": 1}}', Reason.INVALID_FIELD),
        (b'{"a": "\xff"}', Reason.INVALID_UTF8),
    ],
)
def test_what_is_no_telemetry(payload: bytes, reason: Reason) -> None:
    with pytest.raises(RejectedError) as caught:
        parse(payload, NOW, LIMITS.max_bytes)
    assert caught.value.reason is reason


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["ts", "values", "key1", "x"]), inner),
    max_leaves=10,
)


@given(trees)
def test_no_message_makes_it_fail(message: Any) -> None:
    for outcome in accept_message(THINGSBOARD, "telemetry", json.dumps(message).encode(), NOW, LIMITS, REGISTRY):
        assert isinstance(outcome, Accepted) or outcome.detail
