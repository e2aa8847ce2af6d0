"""Whatever the bytes are, validation answers, in bounded time, and what it lets in the scorer can read."""

from __future__ import annotations

import json
from itertools import islice
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hostile.payloads import CORPUS, corpus, heavy, packs, payloads
from tests.hostile.targets import TARGETS, http, mqtt, senml, topic

KEPT = [(way, payload) for way in TARGETS for payload in corpus(way)]


@pytest.mark.parametrize("seed", range(4))
def test_bent_events(seed: int) -> None:
    for payload in islice(payloads(seed), 2500):
        mqtt(payload)


def test_bent_requests() -> None:
    for payload in islice(payloads(5), 2500):
        http(payload)


def test_bent_packs() -> None:
    for payload in islice(packs(6), 1500):
        senml(payload)


def test_deep_and_long_ones() -> None:
    for payload in islice(heavy(0), 60):
        mqtt(payload)


@pytest.mark.parametrize(("way", "payload"), KEPT, ids=[f"{way}, {len(raw)} bytes" for way, raw in KEPT])
def test_the_corpus(way: str, payload: bytes) -> None:
    TARGETS[way](payload)


def test_every_way_in_has_a_corpus() -> None:
    assert {folder.name for folder in CORPUS.iterdir()} == set(TARGETS)
    assert all(corpus(way) for way in TARGETS)


@given(st.binary(max_size=2000), st.sampled_from(sorted(TARGETS)))
def test_any_bytes(payload: bytes, way: str) -> None:
    TARGETS[way](payload)


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
    mqtt(json.dumps(value).encode())
    several = [value, {"type": value, "data": value, "time": value, "source": value, "id": value}]
    mqtt(json.dumps(several).encode())
    http(json.dumps(several).encode())


@given(st.text(max_size=300))
def test_any_topic(name: str) -> None:
    topic(name.encode(errors="replace"))
