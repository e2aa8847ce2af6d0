"""The simulated sensors: what they send becomes, by the registry they come with, the event that the truth counts."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from schemas.device import Device
from schemas.events.envelope import canonical
from schemas.events.registry import CONTRACTS
from services.cli.device_registry import read_rows
from services.ingest.channels import accept_message
from services.ingest.registry import DeviceRegistry
from services.ingest.validation import Accepted, Limits
from simulators import sensors, telemetry
from simulators.cities import CITIES
from simulators.faults import Faults
from simulators.load import Load
from simulators.moments import HOUR
from simulators.senml import CBOR, JSON
from simulators.wire import Message, Turn, messages

CITY = CITIES["karaganda"]
BEGIN = int(datetime(2026, 3, 2, 4, tzinfo=UTC).timestamp()) * 1000
NOW = datetime.fromtimestamp((BEGIN + 3 * HOUR) / 1000, UTC)


def sent(faults: Faults) -> list[Message]:
    turns = [Turn(fact, fact.time, fact.time) for fact in telemetry.packs(1, CITY, BEGIN, BEGIN + 2 * HOUR)]
    return list(messages("karaganda", turns, faults, {}, Random(1), 0))


def became(message: Message, registry: DeviceRegistry, content_type: str) -> dict[str, Any]:
    [outcome] = accept_message(
        message.identity, "senml", message.payload, NOW, Limits(), registry, content_type=content_type
    )
    assert isinstance(outcome, Accepted), outcome
    event: dict[str, Any] = json.loads(outcome.body)
    return event


def expected(message: Message) -> dict[str, Any]:
    stated = json.loads(message.counts_as)
    event: dict[str, Any] = json.loads(canonical(CONTRACTS[stated["type"]].model_validate_json(message.counts_as)))
    return event


def assert_same(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert found.pop("id") != wanted.pop("id")  # the gateway's is of topic and bytes
    assert wanted.pop("datacontenttype") == "application/json"
    readings, others = found["data"].pop("readings"), wanted["data"].pop("readings")
    assert found == wanted
    assert [one.pop("value", None) for one in readings] == pytest.approx([o.pop("value", None) for o in others])
    assert readings == others


@pytest.mark.parametrize("version", [4, 5])
def test_every_pack_becomes_the_event_that_the_truth_counts(version: int) -> None:
    registry = DeviceRegistry(telemetry.devices(CITY))
    packs = sent(Faults())
    assert {pack.content_type for pack in packs} == {CBOR, JSON}
    for pack in packs:
        assert_same(became(pack, registry, pack.content_type if version == 5 else ""), expected(pack))
    assert {(pack.identity.system, pack.identity.device.rpartition("-")[0]) for pack in packs} == {
        (sort.system, sort.name) for sort in sensors.SORTS
    }
    assert len({pack.payload for pack in packs}) == len(packs)


def test_a_crowds_packs_are_taken_by_their_own_entries() -> None:
    load = Load("karaganda", seed=3, rate=400, duration_s=5, devices=2, systems=telemetry.SYSTEMS)
    registry = DeviceRegistry(sensors.registered(CITY, load.identities))
    packs = [message for message in load.plan(BEGIN) if message.content_type]
    assert len(packs) > 100
    for pack in packs:
        found, wanted = became(pack, registry, pack.content_type), expected(pack)
        wanted["data"].pop("district", None)  # a crowd stands nowhere
        found["time"] = wanted["time"] = ""  # base times in seconds do not tell every millisecond
        for reading in (*found["data"]["readings"], *wanted["data"]["readings"]):
            reading.pop("time")
        assert_same(found, wanted)


def test_the_written_registry_is_the_one_of_the_sensors(tmp_path: Path) -> None:
    written = io.StringIO()
    with redirect_stdout(written):
        telemetry.write_registry(CITY)
    (tmp_path / "devices.csv").write_text(written.getvalue(), "utf-8")
    assert read_rows(tmp_path / "devices.csv", Device) == list(telemetry.devices(CITY))
