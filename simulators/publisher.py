"""A lean MQTT publisher (3.1.1 or 5), QoS 1: bytes made beforehand go out, acknowledgements come back.

It does what a device does, at a few microseconds a message and without a thread, so that thousands of them live in one
process and a load costs less than what it measures.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from typing import Final, Self

from schemas.identity import Channel, Identity, topic_of

_CONNACK: Final = 0x20
_PUBACK: Final = 0x40
_FAILURE: Final = 0x80
_CONTENT_TYPE: Final = b"\x03"
_PINGREQ: Final = b"\xc0\x00"
KEEPALIVE_S: Final = 60
IN_FLIGHT_LIMIT: Final = 65_000
"""MQTT has 65,535 packet identifiers."""
AGAIN_S: Final = 0.3
"""Between two attempts to connect."""
BUFFER: Final = 1 << 20
"""Bytes that may wait for the socket before sending pauses."""
Sent = tuple[bytes, float, str]
"""Payload, what `send` was given with it, content type."""


class RefusedError(Exception):
    """The broker refused the connection; the number is MQTT's (5: not authorised)."""


class Publisher(asyncio.Protocol):
    """One device's connection. `on_ack(payload, sent)` is called for each PUBACK with what `send` was given."""

    def __init__(
        self,
        identity: Identity,
        password: str,
        on_ack: Callable[[bytes, float], None],
        channel: Channel = "events",
        version: int = 4,
    ) -> None:
        self._identity = identity
        self._version = version
        self._properties = b"\x00" if version == 5 else b""
        self._password = password
        self._topic = _string(topic_of(identity, channel).encode())
        self._senml = _string(topic_of(identity, "senml").encode())
        self._on_ack = on_ack
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._under_way: dict[int, Sent] = {}
        self._room = asyncio.Event()
        self._room.set()
        self._next = 0
        self._buffer = b""
        self._pinging: asyncio.Task[None] | None = None
        self.lost: Exception | None = None

    @classmethod
    async def connect(
        cls,
        host: str,
        port: int,
        identity: Identity,
        password: str,
        on_ack: Callable[[bytes, float], None],
        channel: Channel = "events",
        tls: ssl.SSLContext | None = None,
        version: int = 4,
    ) -> Self:
        """Connect; RefusedError when the broker says no, OSError when there is none. `version`: 4 is MQTT 3.1.1."""
        publisher = cls(identity, password, on_ack, channel, version)
        await asyncio.get_running_loop().create_connection(lambda: publisher, host, port, ssl=tls)
        code = await asyncio.wait_for(publisher._answer, 10)
        if code:
            raise RefusedError(str(identity), code)
        publisher._pinging = asyncio.create_task(publisher._ping())
        return publisher

    @property
    def outstanding(self) -> Sequence[Sent]:
        """Messages sent and not yet acknowledged, oldest first."""
        return list(self._under_way.values())

    async def send(self, payload: bytes, sent: float, limit: int, content_type: str = "") -> None:
        """Send one message; waits while `limit` are not acknowledged. ConnectionError when the connection is gone.

        With a content type it is SenML, on the channel for that; MQTT 3.1.1 cannot say which.
        """
        if len(self._under_way) >= limit:
            self._room.clear()
            await self._room.wait()
        if self.lost or self._transport is None:
            raise ConnectionError(str(self._identity)) from self.lost
        mid = self._free_id()
        self._under_way[mid] = (payload, sent, content_type)
        topic = self._senml if content_type else self._topic
        properties = self._typed(content_type) if content_type else self._properties
        length = _length(len(topic) + 2 + len(properties) + len(payload))
        self._transport.writelines((b"\x32" + length, topic, mid.to_bytes(2, "big") + properties, payload))
        if self._transport.get_write_buffer_size() > BUFFER:
            await asyncio.sleep(0)

    def _typed(self, content_type: str) -> bytes:
        """MQTT 5's properties with a content type."""
        if not self._properties:
            return b""
        stated = _CONTENT_TYPE + _string(content_type.encode())
        return _length(len(stated)) + stated

    async def drained(self) -> None:
        """Wait until everything is acknowledged; ConnectionError when that can no longer happen."""
        while self._under_way:
            if self.lost:
                raise ConnectionError(str(self._identity)) from self.lost
            self._room.clear()
            await self._room.wait()

    async def close(self) -> None:
        """Disconnect properly."""
        if self._pinging:
            self._pinging.cancel()
        if self._transport and not self._transport.is_closing():
            self._transport.write(b"\xe0\x00")
            self._transport.close()

    def drop(self) -> None:
        """Lose the connection, as devices do."""
        if self._transport:
            self._transport.abort()

    def _free_id(self) -> int:
        while True:
            self._next = self._next % 65_535 + 1
            if self._next not in self._under_way:
                return self._next

    async def _ping(self) -> None:
        while self._transport is not None:
            await asyncio.sleep(KEEPALIVE_S / 3)
            self._transport.write(_PINGREQ)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio's: say CONNECT."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  (create_connection makes no other)
        self._transport = transport
        name = str(self._identity).encode()
        body = (
            b"\x00\x04MQTT"
            + bytes((self._version, 0xC2))
            + KEEPALIVE_S.to_bytes(2, "big")
            + self._properties
            + _string(name)
            + _string(name)
            + _string(self._password.encode())
        )
        transport.write(b"\x10" + _length(len(body)) + body)

    def data_received(self, data: bytes) -> None:
        """asyncio's: CONNACK, PUBACK and PINGRESP, all of them shorter than 128 bytes."""
        data = self._buffer + data
        position, end = 0, len(data)
        while position + 2 <= end and position + 2 + data[position + 1] <= end:
            kind = data[position]
            if kind == _PUBACK:
                # MQTT 5 adds a reason where all is not well: from 0x80 on the message was refused.
                refused = data[position + 1] > 2 and data[position + 4] >= _FAILURE
                self._acknowledged(int.from_bytes(data[position + 2 : position + 4], "big"), refused=refused)
            elif kind == _CONNACK and not self._answer.done():
                self._answer.set_result(data[position + 3])
            position += 2 + data[position + 1]
        self._buffer = data[position:]
        if not self._room.is_set():
            self._room.set()

    def _acknowledged(self, mid: int, *, refused: bool) -> None:
        sent = self._under_way.pop(mid, None)
        if sent and not refused:
            self._on_ack(sent[0], sent[1])

    def connection_lost(self, error: Exception | None) -> None:
        """asyncio's: what was not acknowledged is not known to have arrived."""
        self.lost = error or ConnectionResetError(str(self._identity))
        if not self._answer.done():
            self._answer.set_exception(self.lost)
        self._room.set()


class PersistentPublisher:
    """A device that does not give up: it connects again, and sends again what was not acknowledged."""

    def __init__(
        self,
        host: str,
        port: int,
        identity: Identity,
        password: str,
        on_ack: Callable[[bytes, float], None],
        version: int = 4,
    ) -> None:
        self._account = (host, port, identity, password, on_ack)
        self._version = version
        self._publisher: Publisher | None = None
        self._unsent: Sequence[Sent] = ()

    async def send(self, payload: bytes, sent: float, limit: int, content_type: str = "") -> None:
        """Send one message, however long the broker is away."""
        while True:
            try:
                await (await self._connected(limit)).send(payload, sent, limit, content_type)
            except ConnectionError:
                continue
            return

    async def drained(self) -> None:
        """Wait until everything is acknowledged."""
        while True:
            try:
                await (await self._connected(IN_FLIGHT_LIMIT)).drained()
            except ConnectionError:
                continue
            return

    def drop(self) -> None:
        """Lose the connection, as devices do."""
        if self._publisher:
            self._publisher.drop()

    async def open(self) -> None:
        """Connect now; RefusedError when the broker says no, OSError when there is none."""
        self._publisher = await Publisher.connect(*self._account, version=self._version)

    async def close(self) -> None:
        """Disconnect properly."""
        if self._publisher:
            await self._publisher.close()

    async def _connected(self, limit: int) -> Publisher:
        while self._publisher is None or self._publisher.lost:
            if self._publisher is not None:
                await self._publisher.close()
                self._unsent = [*self._publisher.outstanding, *self._unsent]
                self._publisher = None
            try:
                self._publisher = await Publisher.connect(*self._account, version=self._version)
                while self._unsent:
                    payload, sent, content_type = self._unsent[0]
                    await self._publisher.send(payload, sent, limit, content_type)
                    self._unsent = self._unsent[1:]
            except (OSError, RefusedError, TimeoutError):
                await asyncio.sleep(AGAIN_S)
        return self._publisher


def _string(value: bytes) -> bytes:
    return len(value).to_bytes(2, "big") + value


def _length(value: int) -> bytes:
    encoded = bytearray()
    while True:
        value, digit = divmod(value, 128)
        encoded.append(digit | (0x80 if value else 0))
        if not value:
            return bytes(encoded)
