"""What must hold whatever the bytes are, for each way into the gateway; AssertionError when it does not."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import openpyxl  # noqa: F401  # the gateway loads it when it needs it, which is no part of reading a file

from schemas.dead_letter import DeadLetter
from schemas.device import Device, read_channels
from schemas.identity import Identity, parse_topic
from services.ingest import intake
from services.ingest.channels import accept_message
from services.ingest.files.reading import FileError
from services.ingest.files.rows import Terms
from services.ingest.files.upload import take_file
from services.ingest.problems import RequestRefusedError
from services.ingest.records import rejection
from services.ingest.registry import DeviceRegistry
from services.ingest.settings import IngestSettings
from services.ingest.sparkplug import SparkplugHost
from services.ingest.validation import (
    Accepted,
    Limits,
    Outcome,
    Rejected,
    accept,
    accept_item,
    any_source_of,
)
from services.scorer.decoding import RecordDecoder
from services.scorer.types import Record
from tests.keys import PSEUDONYMS

NOW: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEVICE: Final = Identity("karaganda", "contact-centre", "ats-1")
LIMITS: Final = Limits()
SLOWEST_S: Final = 5.0
"""A hang, on however busy a machine; the usual answer takes less than a millisecond."""
MAX_BODY: Final = IngestSettings.model_fields["ingest_max_body_bytes"].default
SENSOR: Final = Identity("karaganda", "environment", "station-1")
CHANNELS: Final = "T=air_temperature[degF]; H=relative_humidity; V=voltage; open=door_open; state=state; L=noise"
NODE: Final = "Plant/Edge"
DEVICES: Final = (
    Device(
        city="karaganda",
        system="environment",
        device="station-1",
        district="kazybek-bi",
        sparkplug=NODE,
        channels=read_channels(CHANNELS),
    ),
    Device(
        city="karaganda",
        system="environment",
        device="mast-1",
        gateway="station-1",
        alias="Mast/",
        district="oktyabr",
        removed_on=NOW.date(),
        channels=read_channels(CHANNELS),
    ),
)
MEDIA: Final = ("", "application/senml+json", "application/senml+cbor")
KINDS: Final = ("NBIRTH", "NDATA", "DBIRTH", "DDATA", "NDEATH", "DDEATH")


def mqtt(payload: bytes) -> None:
    """A device's message has an outcome, in bounded time, and what is let in can be read by the scorer."""
    began = time.monotonic()
    outcomes = accept(DEVICE, payload, NOW, LIMITS)
    accept_item(DEVICE, payload, 3, NOW, LIMITS, any_source_of(DEVICE))
    _answered(payload, outcomes, began, DEVICE)


def http(body: bytes) -> None:
    """So has a department's request, as one event and as a batch, unless it is refused as a whole."""
    for batch in (False, True):
        began = time.monotonic()
        with suppress(RequestRefusedError):
            outcomes = _now(intake.outcomes(DEVICE, body, NOW, LIMITS, MAX_BODY, batch=batch))
            _answered(body, outcomes, began, DEVICE, of_system=True)


def senml(payload: bytes) -> None:
    """So has a SenML pack, whatever its content type says it is."""
    for media in MEDIA:
        began = time.monotonic()
        registry = DeviceRegistry(DEVICES)
        outcomes = accept_message(SENSOR, "senml", payload, NOW, LIMITS, registry, content_type=media)
        _answered(payload, outcomes, began, SENSOR)


def telemetry(payload: bytes) -> None:
    """So has ThingsBoard's telemetry."""
    began = time.monotonic()
    outcomes = accept_message(SENSOR, "telemetry", payload, NOW, LIMITS, DeviceRegistry(DEVICES))
    _answered(payload, outcomes, began, SENSOR)


def sparkplug(data: bytes) -> None:
    """Sparkplug B: messages of an edge node, each begun by a byte for its kind and one for its length."""
    host = SparkplugHost(DeviceRegistry(DEVICES))
    while len(data) > 1:
        kind, payload, data = KINDS[data[0] % len(KINDS)], data[2 : 2 + data[1]], data[2 + data[1] :]
        name = f"spBv1.0/Plant/{kind}/Edge" + ("/Mast" if kind.startswith("D") else "")
        began = time.monotonic()
        outcomes = host.take(name, payload, NOW, LIMITS).outcomes
        if outcomes:  # births of controls and deaths have nothing to tell
            _answered(payload, list(outcomes), began, SENSOR)


def file(content: bytes) -> None:
    """A department's file is events, problems of its rows, or refused as a whole."""
    began = time.monotonic()
    with suppress(FileError):
        taken = take_file(content, "total-reported.csv", Terms(DEVICE, NOW, LIMITS, PSEUDONYMS))
        assert bool(taken.events) != bool(taken.problems)
        if taken.events:
            _answered(content, list(taken.events), began, DEVICE, of_system=True)
    assert time.monotonic() - began < SLOWEST_S, content[:200]


def topic(name: bytes) -> None:
    """A topic is an identity and a channel, or an error that says so."""
    text = name.decode(errors="replace")
    try:
        identity, channel = parse_topic(text)
    except ValueError:
        return
    assert text == f"ahual/v1/{identity.city}/{identity.system}/{identity.device}/{channel}"


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "mqtt": mqtt,
    "senml": senml,
    "telemetry": telemetry,
    "sparkplug": sparkplug,
    "http": http,
    "file": file,
    "topic": topic,
}


def _answered(
    payload: bytes, outcomes: list[Outcome], began: float, sender: Identity, *, of_system: bool = False
) -> None:
    """`of_system`: a department speaks for every source of its system; a device for itself only."""
    assert time.monotonic() - began < SLOWEST_S, payload[:200]
    assert outcomes, "every message has an outcome"
    records = [Record(n, o.body) for n, o in enumerate(outcomes) if isinstance(o, Accepted)]
    decoded, rejected = RecordDecoder().decode(records, {"karaganda"})
    assert not rejected, f"let in, and then unreadable: {payload[:500]!r}"
    for event in decoded:
        assert event.identity == (sender._replace(device=event.identity.device) if of_system else sender)
    for outcome in outcomes:
        if isinstance(outcome, Rejected):
            _, _, letter = rejection(outcome, "ahual/v1/x/y/z/events", DEVICE, NOW, None)
            assert DeadLetter.model_validate_json(letter).reason is outcome.reason


def _now(work: Any) -> Any:
    """The result of a coroutine that only ever lets others have their turn."""
    while True:
        try:
            work.send(None)
        except StopIteration as done:
            return done.value
