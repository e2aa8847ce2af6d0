"""An MQTT 5 session on asyncio: paho without threads, with a persistent session, pausing and manual acknowledgement.

The session is created with clean start off and a fixed client id (Mosquitto does not store one created otherwise), and
subscriptions are made in `on_connect`, so that a reconnect never comes back deaf.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from pydantic import SecretStr

from services.ingest.delivery import DeliveringClient, Delivery

log = logging.getLogger(__name__)
SESSION_EXPIRY_S: Final = 7 * 86_400
BACKOFF_S: Final = (0.2, 5.0)
"""First and longest wait before another connection."""
PACKETS_PER_TURN: Final = 64
"""Read at once before the loop turns to others."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where and as whom to connect."""

    host: str
    port: int
    username: str
    password: SecretStr
    client_id: str
    keepalive_s: int
    receive_maximum: int
    tls: ssl.SSLContext | None = None


class MqttSession:
    """Calls `on_delivery` for each message, `on_found` when it is connected and `on_lost` when that has gone."""

    def __init__(
        self,
        broker: Broker,
        subscriptions: tuple[str, ...],
        on_delivery: Callable[[Delivery], None],
        on_lost: Callable[[], None],
        on_found: Callable[[], None] | None = None,
        *,
        retiring: bool = False,
    ) -> None:
        """`retiring` takes the session over to empty it: it gets no new messages."""
        self._broker = broker
        self._retiring = retiring
        self._subscriptions = [(topic, 1) for topic in subscriptions]
        self._on_delivery = on_delivery
        self._on_lost = on_lost
        self._on_found = on_found
        self._loop = asyncio.get_running_loop()
        self._client = self._make_client()
        self._socket: socket.socket | None = None
        self._lost = asyncio.Event()
        self._accepted = False
        self._spoke = 0.0
        self._trust_misc_from = 0.0
        self._paused = False
        self._stopping = False
        self.connected = False
        """Whether the broker has accepted the session."""

    def _make_client(self) -> DeliveringClient:
        broker = self._broker
        client = DeliveringClient(
            CallbackAPIVersion.VERSION2, broker.client_id, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True
        )
        if broker.username:
            client.username_pw_set(broker.username, broker.password.get_secret_value())
        if broker.tls:
            client.tls_set_context(broker.tls)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_delivery = self._on_delivery
        client.on_socket_register_write = self._want_write
        client.on_socket_unregister_write = self._wrote
        client.on_socket_close = self._closed
        return client

    async def run(self) -> None:
        """Stay connected until cancelled or `close`d."""
        delay = BACKOFF_S[0]
        while not self._stopping:
            self._lost.clear()
            if await self._connect():
                self._accepted = False
                await self._stay()
                delay = BACKOFF_S[0] if self._accepted else delay
            if not self._stopping:
                await asyncio.sleep(delay)
                delay = min(delay * 2, BACKOFF_S[1])

    async def _connect(self) -> bool:
        self._client.forget()
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = SESSION_EXPIRY_S
        properties.ReceiveMaximum = self._broker.receive_maximum
        try:
            await asyncio.to_thread(
                self._client.connect,
                self._broker.host,
                self._broker.port,
                self._broker.keepalive_s,
                clean_start=False,
                properties=properties,
            )
        except OSError as error:
            log.warning("MQTT broker unreachable", extra={"reason": str(error)})
            return False
        opened = self._client.socket()
        if not isinstance(opened, socket.socket):
            return False
        self._socket = opened
        self._spoke = self._trust_misc_from = self._loop.time()
        self._loop.add_reader(opened, self._readable)
        self._want_write(self._client, None, opened)
        return True

    async def _stay(self) -> None:
        while not self._lost.is_set():
            self._tick()
            try:
                await asyncio.wait_for(self._lost.wait(), 1)
            except TimeoutError:
                continue

    def _tick(self) -> None:
        """Keep the connection alive. While reading is paused the broker's answer to a ping would stay unread and paho
        would give the connection up, so another packet takes the ping's place: a subscription that exists already."""
        now = self._loop.time()
        if now >= self._trust_misc_from and not self._paused:
            self._client.loop_misc()
        elif self.connected and now - self._spoke >= self._broker.keepalive_s / 3:
            self._subscribe()
            self._spoke = now

    def _subscribe(self) -> None:
        if self._retiring:
            self._client.unsubscribe([topic for topic, _qos in self._subscriptions])
        else:
            self._client.subscribe(self._subscriptions)

    def pause(self) -> None:
        """Stop reading: TCP holds the broker back."""
        if not self._paused and self._socket is not None:
            self._loop.remove_reader(self._socket)
        self._paused = True

    def resume(self) -> None:
        """Read again; a ping's answer may lie behind all that waits, so paho's own watch begins later."""
        if not self._paused:
            return
        self._paused = False
        self._trust_misc_from = self._loop.time() + self._broker.keepalive_s
        if self._socket is not None:
            self._loop.add_reader(self._socket, self._readable)
            self._loop.call_soon(self._readable)

    def ack(self, delivery: Delivery) -> None:
        """Send the PUBACK of a message of this connection."""
        self._client.ack(delivery.mid, delivery.qos)

    def publish(self, topic: str, payload: bytes) -> None:
        """Send at most once; while there is no connection, not at all."""
        if self.connected:
            self._client.publish(topic, payload, qos=0)

    async def close(self, *, end_session: bool = False) -> None:
        """Write what is queued and disconnect; the session stays with the broker unless told otherwise."""
        self._stopping = True
        self.pause()
        if self.connected:
            properties = Properties(PacketTypes.DISCONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = 0 if end_session else SESSION_EXPIRY_S
            self._client.disconnect(properties=properties)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._lost.wait(), 2)
        self._lost.set()
        if self._socket is not None:
            self._closed(self._client, None, self._socket)

    def _readable(self) -> None:
        for _ in range(PACKETS_PER_TURN):
            if self._socket is None or (self._paused and self.connected):
                return
            self._client.loop_read()
            if not self._client.buffered:
                return
        self._loop.call_soon(self._readable)

    def _connected(
        self, _client: Client, _userdata: Any, flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            log.error("MQTT broker refuses the gateway", extra={"reason": str(reason)})
            return
        self.connected = self._accepted = True
        if self._paused and self._socket is not None:
            self._loop.remove_reader(self._socket)
        self._subscribe()
        if self._on_found:
            self._on_found()
        log.info("MQTT connected", extra={"session_present": flags.session_present})

    def _disconnected(
        self,
        _client: Client,
        _userdata: Any,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if not self._stopping:
            log.warning("MQTT connection lost", extra={"reason": str(reason)})
        self.connected = False
        self._on_lost()
        self._lost.set()

    def _want_write(self, _client: Client, _userdata: Any, opened: Any) -> None:
        # While `connect` runs in its thread the socket is not ours yet; _connect asks for the first write itself.
        if self._socket is not None and self._socket is opened:
            self._loop.add_writer(self._socket, self._writable)

    def _writable(self) -> None:
        self._client.loop_write()

    def _wrote(self, _client: Client, _userdata: Any, opened: Any) -> None:
        if self._socket is not None and self._socket is opened:
            self._loop.remove_writer(self._socket)

    def _closed(self, _client: Client, _userdata: Any, opened: Any) -> None:
        if self._socket is not None and self._socket is opened:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._socket = None
