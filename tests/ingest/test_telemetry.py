"""Packs through a real broker, a real gateway and a real Kafka, with the registry in a real database."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.stack import Stack
from deploy.stack.passwords import mosquitto_hash
from schemas.device import Device, read_channels
from schemas.identity import Channel, Identity, topic_of
from schemas.sparkplug_pb2 import Payload
from services.ingest import devices as credentials
from services.ingest import register
from services.ingest.seal import Opener
from tests.ingest import edge, packs
from tests.ingest.conftest import GatewayProcess, Written
from tests.ingest.edge import EdgeNode
from tests.waiting import eventually

pytestmark = pytest.mark.stack


async def publish(
    stack: Stack,
    identity: Identity,
    messages: list[tuple[bytes, str]],
    channel: Channel,
    protocol: MQTTProtocolVersion = MQTTv5,
) -> None:
    """As a device does it with a well-known client."""
    password = await asyncio.to_thread(stack.add_device, str(identity))

    def send() -> None:
        client = Client(CallbackAPIVersion.VERSION2, str(identity), protocol=protocol)
        client.username_pw_set(str(identity), password)
        client.connect("127.0.0.1", stack.ports.mqtt)
        client.loop_start()
        for payload, content_type in messages:
            properties = None
            if content_type and protocol == MQTTv5:
                properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
                properties.ContentType = content_type
            client.publish(topic_of(identity, channel), payload, 1, properties=properties).wait_for_publish(10)
        client.disconnect()
        client.loop_stop()

    await asyncio.to_thread(send)


def events(written: Written) -> list[Mapping[str, Any]]:
    return [json.loads(event) for event in written.events]


async def test_the_rfcs_examples_arrive_as_one_record_each(
    stack: Stack, database: AsyncEngine, gateway: GatewayProcess, written: Written
) -> None:
    await register.put(database, [packs.REGISTERED], "tests")
    await asyncio.sleep(1)
    examples = list(packs.EXAMPLES.values())
    await publish(stack, packs.SENSOR, [(payload, kind) for payload, kind, *_ in examples], "senml")
    await written.until(lambda: len(written.events) >= len(examples))
    await written.settle()
    assert not written.letters
    found = [(len(event["data"]["readings"]), event.get("clockless", False)) for event in events(written)]
    assert found == [(readings, clockless) for *_, readings, clockless in examples]
    assert set(written.keys) == {packs.SENSOR.key}


async def test_a_device_of_mqtt_3_sends_cbor_too(
    stack: Stack, database: AsyncEngine, gateway: GatewayProcess, written: Written
) -> None:
    await register.put(database, [packs.REGISTERED], "tests")
    await asyncio.sleep(1)
    await publish(stack, packs.SENSOR, [(packs.SERIES_CBOR, "")], "senml", MQTTv311)
    await written.until(lambda: bool(written.events or written.letters))
    assert len(events(written)[0]["data"]["readings"]) == 7


async def test_thingsboards_payloads_arrive(
    stack: Stack, database: AsyncEngine, gateway: GatewayProcess, written: Written
) -> None:
    await register.put(database, packs.TB_DEVICES, "tests")
    await asyncio.sleep(1)
    examples = packs.TB_EXAMPLES.values()
    await publish(stack, packs.THINGSBOARD, [(payload, "") for payload, _ in examples], "telemetry")
    await written.until(lambda: len(written.events) >= len(examples))
    assert not written.letters
    assert [len(event["data"]["readings"]) for event in events(written)] == [len(expected) for _, expected in examples]


async def test_a_device_counts_from_the_moment_it_is_registered(
    stack: Stack, database: AsyncEngine, gateway: GatewayProcess, written: Written
) -> None:
    meter = Identity("karaganda", "water", "meter-9")
    pack = (b'[{"n":"V","v":1.5},{"n":"W","v":-1}]', "")
    await publish(stack, meter, [pack], "senml")
    await written.until(lambda: len(written.letters) == 1)
    assert (written.letters[0].reason, written.letters[0].device) == ("unknown_device", "meter-9")
    channels = read_channels("V=water_volume; W=water_consumption")
    await register.put(database, [Device(**meter._asdict(), channels=channels)], "tests")

    async def taken() -> bool:
        await publish(stack, meter, [pack], "senml")
        await written.settle()
        return bool(written.events)

    await eventually(taken)
    assert events(written)[0]["data"]["readings"][0]["value"] == 1.5
    assert written.letters[-1].reason == "impossible_value"
    opener = Opener.read(stack.privacy.seal_private)
    assert b'"W"' in opener.open(written.letters[-1].payload, str(meter)).payload


class Edge:
    """An edge node on a real connection: born when it connects, and again whenever it is asked to."""

    def __init__(self, stack: Stack, identity: Identity, password: str, node: EdgeNode) -> None:
        self.node = node
        self.asked = 0
        self.client = Client(CallbackAPIVersion.VERSION2, str(identity), protocol=MQTTv311)
        self.client.username_pw_set(str(identity), password)
        topic, death = node.death(number=1)
        self.client.will_set(topic, death, 1)
        self.client.on_connect = self._connected
        self.client.on_subscribe = lambda *_: self.birth()
        self.client.on_message = self._commanded
        self.client.connect("127.0.0.1", stack.ports.mqtt)
        self.client.loop_start()

    def _connected(self, *_: Any) -> None:
        self.client.subscribe(self.node.topic("NCMD"), 0)

    def _commanded(self, _client: Any, _userdata: Any, message: Any) -> None:
        assert Payload.FromString(message.payload).metrics[0].name == "Node Control/Rebirth"
        self.asked += 1
        self.birth()

    def birth(self) -> None:
        for message in (self.node.birth(), self.node.device_birth()):
            self.send(message)

    def send(self, message: tuple[str, bytes]) -> None:
        self.client.publish(*message, qos=0)

    def end(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


async def let_in(stack: Stack, database: AsyncEngine, identity: Identity, devices: Sequence[Device]) -> str:
    """Register devices and give the first credentials; its password."""
    await register.put(database, devices, "tests")
    assert await credentials.add(database, identity, mosquitto_hash("secret", b"0" * 12), "tests") is None
    await asyncio.to_thread(stack.broker().apply, await credentials.read(database))
    return "secret"


async def test_a_sparkplug_edge_node_is_followed(
    stack: Stack, database: AsyncEngine, gateway: GatewayProcess, written: Written
) -> None:
    password = await let_in(stack, database, edge.PLANT, edge.REGISTERED)
    await asyncio.sleep(1)
    node = Edge(stack, edge.PLANT, password, EdgeNode())
    try:
        await written.until(lambda: len(written.events) >= 2)
        node.send(node.node.data({1: (230.5, edge.DOUBLE), 2: (-6, edge.INT16)}))
        node.send(node.node.device_data(5.0))
        await written.until(lambda: len(written.events) >= 4)
        node.node.skip()
        node.send(node.node.device_data(5.5))
        await written.until(lambda: node.asked == 1 and len(written.events) >= 7)
    finally:
        node.end()
    found = events(written)
    assert {event["source"] for event in found} == {edge.PLANT.source}
    assert [event["sequence"] for event in found[:5]] == ["0", "1", "2", "3", "5"], "number 4 never came"
    assert [reading["value"] for reading in found[2]["data"]["readings"]] == [230.5, -6.0]
    assert [(r["device"], r["value"]) for r in found[4]["data"]["readings"]] == [("pump-1", 550_000.0)]
    assert not written.letters


async def test_a_gateway_that_starts_anew_asks_for_a_birth_and_nobody_speaks_for_another_node(
    stack: Stack, database: AsyncEngine, gateway: GatewayProcess, written: Written
) -> None:
    password = await let_in(stack, database, edge.PLANT, edge.REGISTERED)
    await asyncio.sleep(1)
    node = Edge(stack, edge.PLANT, password, EdgeNode())
    try:
        await written.until(lambda: len(written.events) >= 2)
        await gateway.end(signal.SIGKILL)
        await gateway.start()
        await written.until(lambda: node.asked >= 1 and len(written.events) >= 4)
        node.send(node.node.data({1: (231.5, edge.DOUBLE)}))
        await written.until(lambda: len(written.events) >= 5)
        node.send((EdgeNode("Heat Works").topic("NBIRTH"), EdgeNode("Heat Works").birth()[1]))
        node.send((f"spBv1.0/{edge.GROUP}/NDATA/Pump Station 2", node.node.data({1: (1.0, edge.DOUBLE)})[1]))

        async def heard() -> bool:
            node.send((f"ahual/v1/{edge.PLANT}/telemetry", b'{"Temperature": 7}'))
            await written.settle()
            return 7.0 in read_of(written)

        await eventually(heard)  # the broker may cut a connection that said what it must not
    finally:
        node.end()
    assert 1.0 not in read_of(written)
    assert not written.letters, "what is not its own to say does not even get so far"


def read_of(written: Written) -> set[float | None]:
    return {reading.get("value") for event in events(written) for reading in event["data"]["readings"]}
