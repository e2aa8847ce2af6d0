"""The gateway between a real broker and a real Kafka: malformed input, kill -9, a Kafka that stands still."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from datetime import timedelta

import pytest

from deploy.stack import Stack
from schemas.dead_letter import DeadLetter, Reason
from schemas.identity import Channel, Identity
from schemas.topics import EVENTS
from services.ingest.delivery import Delivery
from services.ingest.gateway import Gateway
from services.ingest.records import Record
from services.ingest.registry import DeviceRegistry
from services.ingest.seal import Opener
from services.ingest.settings import IngestSettings
from services.runtime.clock import utc_now
from services.runtime.metrics import Metrics
from tests.ingest import edge
from tests.ingest.conftest import GatewayProcess, Written
from tests.ingest.events import DEVICE, NOW, call, encoded
from tests.publishing import Load, publish_all

MALFORMED = [
    (b"", Reason.EMPTY),
    (b"x" * 300_000, Reason.OVERSIZED),
    (b'{"type":"\xff"}', Reason.INVALID_UTF8),
    (b"{bad", Reason.MALFORMED_JSON),
    (b"[" * 50_000 + b"]" * 50_000, Reason.TOO_DEEP),
    (b"17", Reason.NOT_AN_EVENT),
    (b'{"type":"no.such.type"}', Reason.UNKNOWN_TYPE),
    (encoded(call("c", id=5)), Reason.INVALID_FIELD),
    (encoded(call("c", source="/almaty/contact-centre/ats-1")), Reason.FOREIGN_IDENTITY),
    (encoded(call("c", when=utc_now() + timedelta(hours=1))), Reason.FUTURE_TIME),
]

pytestmark = pytest.mark.stack


async def publish(stack: Stack, payloads: list[bytes], load: Load | None = None, channel: Channel = "events") -> None:
    password = await asyncio.to_thread(stack.add_device, str(DEVICE))
    async with asyncio.timeout(60):
        await publish_all(stack.ports.mqtt, str(DEVICE), password, payloads, load=load, channel=channel)


def ids(written: Written) -> set[str]:
    return {json.loads(event)["id"] for event in written.events}


async def test_every_malformed_kind_has_its_reason_and_the_next_good_one_goes_through(
    stack: Stack, gateway: GatewayProcess, written: Written
) -> None:
    payloads = [part for n, (bad, _) in enumerate(MALFORMED) for part in (bad, encoded(call(f"after-{n}")))]
    await publish(stack, payloads)
    await publish(stack, [b'[{"n":"a","v":1}]'], channel="senml")
    await written.until(lambda: len(written.events) >= len(MALFORMED) and len(written.letters) > len(MALFORMED))
    assert [event for event in written.events if b"after-" not in event] == []
    assert ids(written) == {f"after-{n}-answered" for n in range(len(MALFORMED))}
    assert set(written.keys) == {DEVICE.key}
    reasons = [letter.reason for letter in written.letters]
    assert reasons == [*(reason for _, reason in MALFORMED), Reason.UNKNOWN_DEVICE]
    opener = Opener.read(stack.privacy.seal_private)
    for letter, (payload, _) in zip(written.letters, MALFORMED, strict=False):
        assert payload.startswith(opener.open(letter.payload, str(DEVICE)).payload)
        assert letter.size == len(payload)
        assert Identity(letter.city, letter.system, letter.device) == DEVICE
        assert letter.topic == f"ahual/v1/{DEVICE}/events"
    assert gateway.process.poll() is None


async def test_what_came_in_around_kill_9_is_all_in_kafka(
    stack: Stack, gateway: GatewayProcess, written: Written
) -> None:
    count, load = 5000, Load()
    publishing = asyncio.create_task(publish(stack, [encoded(call(f"k-{n}")) for n in range(count)], load))
    for threshold in (500, 2500):
        await load.reach(threshold)
        assert await gateway.end(signal.SIGKILL) == -signal.SIGKILL
        await gateway.start()
    await publishing
    await written.until(lambda: len(ids(written)) == count, 60)


async def test_kafka_standing_still_loses_nothing_and_it_goes_on_by_itself(
    stack: Stack, gateway: GatewayProcess, written: Written
) -> None:
    kafka = stack.pid("kafka")
    assert kafka is not None
    await publish(stack, [encoded(call("s-before"))])
    os.kill(kafka, signal.SIGSTOP)
    try:
        await publish(stack, [encoded(call(f"s-{n}")) for n in range(4000)])
        await asyncio.sleep(12)
    finally:
        os.kill(kafka, signal.SIGCONT)
    await written.until(lambda: len(ids(written)) == 4001, 60)
    assert gateway.process.poll() is None


async def test_sigterm_acknowledges_what_is_held_and_keeps_the_session(
    stack: Stack, gateway: GatewayProcess, written: Written
) -> None:
    await publish(stack, [encoded(call(f"t-{n}")) for n in range(500)])
    assert await gateway.end(signal.SIGTERM) == 0
    await publish(stack, [encoded(call("while-away"))])
    await gateway.start()
    await written.until(lambda: len(ids(written)) == 501)
    await written.settle()
    assert len(written.events) == 501, "nothing that was acknowledged came again"


class RecordingForwarder:
    """Takes records and never confirms."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def put(self, records: list[Record]) -> None:
        self.records += records


async def test_a_topic_of_another_shape_becomes_a_dead_letter() -> None:
    settings = IngestSettings(kafka_bootstrap="unused", database_url="postgresql+asyncpg://unused")
    forwarder = RecordingForwarder()
    gateway = Gateway(settings, forwarder, DeviceRegistry(), lambda: NOW, Metrics())  # type: ignore[arg-type]
    gateway._take(Delivery("ahual/v1/Karaganda/contact-centre/ats-1/events", b"{}", 1, 1))
    (record,) = forwarder.records
    assert json.loads(record.value)["reason"] == Reason.UNKNOWN_TOPIC


async def test_acknowledgements_keep_the_order_and_forget_an_earlier_connection() -> None:
    settings = IngestSettings(kafka_bootstrap="unused", database_url="postgresql+asyncpg://unused")
    forwarder = RecordingForwarder()
    gateway = Gateway(settings, forwarder, DeviceRegistry(), lambda: NOW, Metrics())  # type: ignore[arg-type]
    acknowledged: list[int] = []
    gateway._session.ack = lambda delivery: acknowledged.append(delivery.mid)  # type: ignore[method-assign]
    topic = f"ahual/v1/{DEVICE}/events"
    for mid in (1, 2, 3):
        gateway._take(Delivery(topic, encoded(call(f"c-{mid}")), 1, mid))
    first, second, third = forwarder.records
    second.parcel.arrived()
    assert acknowledged == []
    first.parcel.arrived()
    assert acknowledged == [1, 2]
    gateway._lost()
    gateway._take(Delivery(topic, encoded(call("c-9")), 1, 3))
    third.parcel.arrived()
    assert acknowledged == [1, 2], "the identifier 3 names another message now"
    forwarder.records[-1].parcel.arrived()
    assert acknowledged == [1, 2, 3]


async def test_a_defect_of_ours_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever validation dies of, the message becomes a dead letter, and those after it go their way."""

    def judge(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret-4711")

    settings = IngestSettings(kafka_bootstrap="unused", database_url="postgresql+asyncpg://unused")
    forwarder = RecordingForwarder()
    gateway = Gateway(settings, forwarder, DeviceRegistry(), lambda: NOW, Metrics())  # type: ignore[arg-type]
    acknowledged: list[int] = []
    gateway._session.ack = lambda delivery: acknowledged.append(delivery.mid)  # type: ignore[method-assign]
    topic = f"ahual/v1/{DEVICE}/events"
    with monkeypatch.context() as patched:
        patched.setattr("services.ingest.gateway.accept_message", judge)
        gateway._take(Delivery(topic, encoded(call("c-1")), 1, 1))
    gateway._take(Delivery(topic, encoded(call("c-2")), 1, 2))
    failed, good = forwarder.records
    letter = DeadLetter.model_validate_json(failed.value)
    assert (letter.reason, letter.device) == (Reason.GATEWAY_FAILED, DEVICE.device)
    assert "ZeroDivisionError in test_gateway.py" in letter.detail
    assert b"4711" not in failed.value
    assert good.topic == EVENTS
    good.parcel.arrived()
    failed.parcel.arrived()
    assert acknowledged == [1, 2]


async def test_an_edge_node_is_one_sender_whatever_devices_it_makes_up() -> None:
    settings = IngestSettings(
        kafka_bootstrap="unused",
        database_url="postgresql+asyncpg://unused",
        ingest_device_burst=50,
        ingest_device_rate=1e-6,
        ingest_quota_kept=3,
        ingest_line_least=20,
    )
    forwarder = RecordingForwarder()
    gateway = Gateway(settings, forwarder, DeviceRegistry(edge.REGISTERED), lambda: NOW, Metrics())  # type: ignore[arg-type]
    for number in range(200):
        gateway._take(Delivery(f"spBv1.0/{edge.GROUP}/DDATA/{edge.NODE}/made-up-{number}", b"\xff", 0, 0))
    reasons = [DeadLetter.model_validate_json(record.value).reason for record in forwarder.records]
    assert reasons == [Reason.NOT_A_PACK] * 50 + [Reason.OVER_QUOTA] * 3
    assert not gateway.stopped, "one sender does not stop the line"
