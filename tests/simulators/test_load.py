"""The load's plan: rate, seed, duplicates, disorder, lateness."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from schemas.events import contact_centre
from schemas.events.registry import CONTRACTS
from schemas.identity import Identity
from simulators.faults import Faults, missing
from simulators.load import Load
from simulators.moments import MINUTE, milliseconds

START = 1_795_000_000_000
LOAD = Load("karaganda", seed=5, rate=1000, duration_s=3, devices=3)


def sent(load: Load) -> list[bytes]:
    return [message.payload for message in load.plan(START)]


def happened(payload: bytes) -> int:
    return happened_at(json.loads(payload)["time"])


def happened_at(moment: str) -> int:
    return milliseconds(datetime.fromisoformat(moment))


def test_the_seed_decides() -> None:
    assert sent(LOAD) == sent(LOAD)
    assert sent(LOAD) != sent(replace(LOAD, seed=6))


def test_plain_load_has_each_event_once_in_order_of_time() -> None:
    payloads = sent(LOAD)
    assert len(payloads) == len(set(payloads)) == 3000
    times = [happened(payload) for payload in payloads]
    assert times == sorted(times)


def test_every_event_keeps_its_contract_and_its_device() -> None:
    load = replace(LOAD, faults=Faults(duplicates=0.1, disorder=0.1, lateness=0.2))
    for message in load.plan(START):
        raw = json.loads(message.payload)
        CONTRACTS[raw["type"]].model_validate_json(message.payload)
        assert raw["source"] == message.identity.source


def test_all_types_of_the_contact_centre_occur() -> None:
    expected = {model.type_name for model in contact_centre.TYPES}
    assert {json.loads(payload)["type"] for payload in sent(LOAD)} == expected


def test_duplicates_are_the_same_bytes() -> None:
    payloads = sent(replace(LOAD, faults=Faults(duplicates=0.1)))
    assert len(set(payloads)) == 3000
    assert 3150 < len(payloads) < 3450


def test_disorder_moves_messages_and_loses_none() -> None:
    payloads = sent(replace(LOAD, faults=Faults(disorder=0.2)))
    times = [happened(payload) for payload in payloads]
    assert len(set(payloads)) == 3000
    assert times != sorted(times)


def test_lateness_makes_old_facts() -> None:
    times = [happened(payload) for payload in sent(replace(LOAD, faults=Faults(lateness=0.2)))]
    assert 200 < sum(time < START - MINUTE / 2 for time in times) < 700


def test_sequences_have_no_gap() -> None:
    counted: dict[str, list[int]] = {}
    for payload in sent(LOAD):
        event = json.loads(payload)
        counted.setdefault(event["source"], []).append(int(event["sequence"]))
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in counted.values())


def by_device(load: Load) -> list[list[dict[str, Any]]]:
    events: dict[Identity, list[dict[str, Any]]] = {identity: [] for identity in load.identities}
    for message in load.plan(START):
        CONTRACTS[json.loads(message.payload)["type"]].model_validate_json(message.payload)
        events[message.identity].append(json.loads(message.payload))
    return list(events.values())


def test_what_was_counted_and_not_sent_is_missing() -> None:
    load = replace(LOAD, faults=Faults(loss=0.05, disorder=0.1, duplicates=0.1))
    payloads = sent(load)
    gaps = missing(payloads)
    assert len(gaps) == 3
    assert 100 < sum(gaps.values()) <= 3000 - len(set(payloads)) < 200
    assert sum(missing(sent(LOAD)).values()) == 0


def test_faulty_devices_are_the_last_ones() -> None:
    well, drifting, frozen, silent = by_device(
        replace(LOAD, devices=4, faults=Faults(drifting=0.25, frozen=0.25, silent=0.25))
    )
    assert len(silent) < len(well) / 1.5
    assert max(event["recordedtime"] for event in silent) < max(event["recordedtime"] for event in well)
    ahead = [
        happened_at(b["recordedtime"]) - happened_at(a["recordedtime"]) for a, b in zip(well, drifting, strict=False)
    ]
    assert 45_000 <= ahead[0] < 45_100
    data = {
        (event["type"], *((name, value) for name, value in event["data"].items() if not name.endswith("_at")))
        for event in frozen
    }
    assert len(data) == len({event["type"] for event in frozen})
    assert len({event["id"] for event in frozen}) == len(frozen)
