"""Whatever the bytes are, validation answers, in bounded time, and what it lets in the scorer can read."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from itertools import islice
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.identity import Identity, parse_topic
from services.ingest.validation import Accepted, Limits, accept, accept_item, any_source_of
from services.scorer.decoding import RecordDecoder
from services.scorer.types import Record
from tests.hostile.payloads import corpus, heavy, payloads

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEVICE = Identity("karaganda", "contact-centre", "ats-1")
LIMITS = Limits()
SLOWEST_S = 5.0
"""A hang, on however busy a machine; the usual answer takes less than a millisecond."""


def check(payload: bytes) -> None:
    began = time.monotonic()
    outcomes = accept(DEVICE, payload, NOW, LIMITS)
    accept_item(DEVICE, payload, 3, NOW, LIMITS, any_source_of(DEVICE))
    assert time.monotonic() - began < SLOWEST_S, payload[:200]
    assert outcomes, "every message has an outcome"
    records = [Record(n, o.body) for n, o in enumerate(outcomes) if isinstance(o, Accepted)]
    _decoded, rejected = RecordDecoder().decode(records, {"karaganda"})
    assert not rejected, f"let in, and then unreadable: {payload[:500]!r}"


@pytest.mark.parametrize("seed", range(4))
def test_bent_events(seed: int) -> None:
    for payload in islice(payloads(seed), 2500):
        check(payload)


def test_deep_and_long_ones() -> None:
    for payload in islice(heavy(0), 60):
        check(payload)


@pytest.mark.parametrize("payload", corpus(), ids=lambda raw: f"{len(raw)} bytes")
def test_the_corpus(payload: bytes) -> None:
    check(payload)


@given(st.binary(max_size=2000))
def test_any_bytes(payload: bytes) -> None:
    check(payload)


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=20), inner, max_size=5),
        max_leaves=30,
    ),
    st.randoms(use_true_random=False),
)
def test_any_json(value: object, rng: Random) -> None:

    check(json.dumps(value).encode())
    check(json.dumps([value, {"type": value, "data": value, "time": value, "source": value, "id": value}]).encode())


@given(st.text(max_size=300))
def test_any_topic(topic: str) -> None:
    """A topic is an identity and a channel, or an error that says so."""
    try:
        identity, channel = parse_topic(topic)
    except ValueError:
        return
    assert topic == f"ahual/v1/{identity.city}/{identity.system}/{identity.device}/{channel}"
