"""A cheap MQTT 3.1.1 load generator: one connection per device, QoS 1, a bounded window, packets made beforehand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Load:
    """What one device has sent and what the broker has acknowledged."""

    sent: int = 0
    acknowledged: int = 0
    waiting: dict[int, asyncio.Event] = field(default_factory=dict)

    async def reach(self, acknowledged: int) -> None:
        """Wait until the broker has acknowledged so many."""
        if self.acknowledged < acknowledged:
            await self.waiting.setdefault(acknowledged, asyncio.Event()).wait()

    def count(self) -> None:
        """One more acknowledged."""
        self.acknowledged += 1
        if self.acknowledged in self.waiting:
            self.waiting[self.acknowledged].set()


def _text(value: str) -> bytes:
    raw = value.encode()
    return len(raw).to_bytes(2, "big") + raw


def _packet(head: int, body: bytes) -> bytes:
    length, rest = bytearray(), len(body)
    while True:
        rest, digit = divmod(rest, 128)
        length.append(digit | (0x80 if rest else 0))
        if not rest:
            return bytes((head, *length)) + body


def connect_packet(client_id: str, username: str, password: str) -> bytes:
    return _packet(0x10, b"\x00\x04MQTT\x04\xc2\x00\x00" + _text(client_id) + _text(username) + _text(password))


def publish_packet(topic: str, packet_id: int, payload: bytes) -> bytes:
    return _packet(0x32, _text(topic) + packet_id.to_bytes(2, "big") + payload)


class _Device(asyncio.Protocol):
    def __init__(self, hello: bytes, packets: Sequence[bytes], window: int, load: Load) -> None:
        self._hello, self._packets, self._window, self._load = hello, packets, window, load
        self._rest = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._hello)

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        whole = len(data) // 4 * 4  # CONNACK and PUBACK have four bytes each
        for at in range(0, whole, 4):
            if data[at] == 0x20:
                if data[at + 3]:
                    self.done.set_exception(ConnectionRefusedError(f"CONNACK {data[at + 3]}"))
                    return
            else:
                self._load.count()
        self._rest = data[whole:]
        self._fill()

    def _fill(self) -> None:
        load = self._load
        upto = min(len(self._packets), load.acknowledged + self._window)
        if upto > load.sent:
            self._transport.write(b"".join(self._packets[load.sent : upto]))
            load.sent = upto
        if load.acknowledged == len(self._packets) and not self.done.done():
            self._transport.write(b"\xe0\x00")
            self._transport.close()
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("the broker closed the connection"))


async def publish_all(
    port: int,
    username: str,
    password: str,
    payloads: Sequence[bytes],
    *,
    window: int = 500,
    load: Load | None = None,
    channel: str = "events",
) -> Load:
    """Publish all payloads on the device's topic; returns once the broker has acknowledged each."""
    load = load or Load()
    topic = f"ahual/v1/{username}/{channel}"
    packets = [publish_packet(topic, index % 65_535 + 1, payload) for index, payload in enumerate(payloads)]
    hello = connect_packet(f"load-{username.replace('/', '-')}", username, password)
    loop = asyncio.get_running_loop()
    _, device = await loop.create_connection(lambda: _Device(hello, packets, window, load), "127.0.0.1", port)
    await device.done
    return load
