"""Devices of a contact centre as they are: each its own MQTT connection, QoS 1, most MQTT 5, one still 3.1.1."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from random import Random
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from schemas.identity import Identity, topic_of
from simulators.cities import City
from simulators.delivered import Delivered
from simulators.facts import Fact, encode
from simulators.moments import milliseconds
from simulators.systems.contact_centre import requests

OLD_PROTOCOL: Final = frozenset({requests.SURVEYS})
CONNECT_S: Final = 10.0
DRAIN_S: Final = 10.0


class DeviceError(Exception):
    """The broker refused a device, or cannot be reached."""


class Device:
    """One connection. What the broker has not acknowledged is sent again after a reconnect."""

    def __init__(self, identity: Identity, password: str, on_ack: Callable[[bytes], None]) -> None:
        self._identity = identity
        self._topic = topic_of(identity, "events")
        self._on_ack = on_ack
        self._under_way: dict[int, bytes] = {}
        self._loop = asyncio.get_running_loop()
        self._answered = threading.Event()
        self._refused = ""
        old = identity.device in OLD_PROTOCOL
        version = MQTTProtocolVersion.MQTTv311 if old else MQTTProtocolVersion.MQTTv5
        self._client = Client(CallbackAPIVersion.VERSION2, str(identity), protocol=version)
        self._client.username_pw_set(str(identity), password)
        self._client.on_connect = self._connected
        self._client.on_publish = self._published
        self._sequence = 0

    def connect(self, host: str, port: int) -> None:
        """Connect and stay so; DeviceError when the broker refuses or does not answer."""
        try:
            self._client.connect(host, port, keepalive=30)
        except OSError as error:
            raise DeviceError(f"{self._identity}: {error}") from error
        self._client.loop_start()
        if not self._answered.wait(CONNECT_S) or self._refused:
            self._client.loop_stop()
            raise DeviceError(f"{self._identity}: {self._refused or 'no answer'}")

    def publish(self, city: str, fact: Fact, recorded: int) -> None:
        """Send a fact that the departmental system had at `recorded` (ms since 1970)."""
        self._sequence += 1
        payload = encode(city, fact, recorded=recorded, sequence=self._sequence)
        self._under_way[self._client.publish(self._topic, payload, qos=1).mid] = payload

    @property
    def outstanding(self) -> int:
        """Messages not yet acknowledged."""
        return len(self._under_way)

    def close(self) -> None:
        """Disconnect properly."""
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(
        self, _client: Client, _userdata: Any, _flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._refused = str(reason)
        self._answered.set()

    def _published(
        self, _client: Client, _userdata: Any, mid: int, _reason: ReasonCode, _properties: Properties | None
    ) -> None:
        # paho's thread holds its own locks here. The loop settles it, after publish() has returned there.
        self._loop.call_soon_threadsafe(self._settle, mid)

    def _settle(self, mid: int) -> None:
        self._on_ack(self._under_way.pop(mid))


async def run(
    city: City,
    facts: Iterable[Fact],
    host: str,
    port: int,
    passwords: Mapping[Identity, str],
    delivered: Delivered,
    clock: Callable[[], datetime],
    on_sent: Callable[[Fact], None] = lambda _fact: None,
) -> None:
    """Send each fact when it happens, until there are no more or the task is cancelled.

    Facts of the past go out at once. `passwords` names the devices; KeyError when a fact's device is none of them.
    """
    devices = {identity: Device(identity, password, delivered.add) for identity, password in passwords.items()}
    try:
        for device in devices.values():
            await asyncio.to_thread(device.connect, host, port)
        for fact in facts:
            recorded = fact.time + _delay(fact)
            await asyncio.sleep(max(0.0, (recorded - milliseconds(clock())) / 1000))
            devices[Identity(city.code, fact.system, fact.device)].publish(city.code, fact, recorded)
            on_sent(fact)
    finally:
        await _drain(devices.values())
        for device in devices.values():
            device.close()


def _delay(fact: Fact) -> int:
    """Milliseconds until the department's own system has the fact."""
    return Random(fact.id).randrange(20, 400)


async def _drain(devices: Iterable[Device]) -> None:
    for _ in range(round(DRAIN_S / 0.05)):
        if not any(device.outstanding for device in devices):
            return
        await asyncio.sleep(0.05)
