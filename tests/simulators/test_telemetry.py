"""The simulated sensors: what they send is what a gateway takes by the registry they come with."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

from schemas.device import Device
from services.cli.device_registry import read_rows
from services.ingest.channels import accept_message
from services.ingest.registry import DeviceRegistry
from services.ingest.validation import Accepted, Limits
from simulators.cities import CITIES
from simulators.moments import HOUR, MINUTE
from simulators.telemetry import CBOR, SORTS, devices, packs, write_registry

CITY = CITIES["karaganda"]
BEGIN = int(datetime(2026, 3, 2, 4, tzinfo=UTC).timestamp()) * 1000


def test_every_pack_is_taken_whole_by_the_registry_that_belongs_to_it() -> None:
    registry = DeviceRegistry(devices(1, CITY))
    now = datetime.fromtimestamp((BEGIN + HOUR) / 1000, UTC)
    sent = list(packs(1, CITY, BEGIN, BEGIN + 20 * MINUTE))
    assert {pack.content_type == CBOR for pack in sent} == {True, False}
    for pack in sent:
        (outcome,) = accept_message(
            pack.identity, "senml", pack.payload, now, Limits(), registry, content_type=pack.content_type
        )
        assert isinstance(outcome, Accepted), outcome
        event = json.loads(outcome.body)
        assert len(event["data"]["readings"]) == pack.readings
        assert "clockless" not in event
        assert datetime.fromisoformat(event["time"]).timestamp() * 1000 == pack.due
    assert {(pack.identity.system, pack.identity.device.rpartition("-")[0]) for pack in sent} == {
        (sort.system, sort.name) for sort in SORTS
    }


def test_the_same_seed_gives_the_same_packs_however_time_is_cut() -> None:
    whole = list(packs(7, CITY, BEGIN, BEGIN + 10 * MINUTE))
    cut = [p for n in range(10) for p in packs(7, CITY, BEGIN + n * MINUTE, BEGIN + (n + 1) * MINUTE)]
    assert whole == cut
    assert whole != list(packs(8, CITY, BEGIN, BEGIN + 10 * MINUTE))


def test_the_written_registry_is_the_one_of_the_sensors(tmp_path: Path) -> None:
    written = io.StringIO()
    with redirect_stdout(written):
        write_registry(1, CITY)
    (tmp_path / "devices.csv").write_text(written.getvalue(), "utf-8")
    assert read_rows(tmp_path / "devices.csv", Device) == list(devices(1, CITY))
