"""Messages over MQTT: a real connection per device, each message at its moment, bursts and reconnect storms too."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from schemas.identity import Identity
from simulators.delivered import Delivered
from simulators.faults import Faults
from simulators.load import Load
from simulators.publisher import PersistentPublisher, Publisher
from simulators.wire import Message

TICK_S: Final = 0.005
IN_FLIGHT: Final = 1000
"""Messages a device sends ahead of their acknowledgement."""
DRAIN_S: Final = 60.0
END_S: Final = 10.0
"""For the acknowledgements of what was sent before an interruption."""
CYCLE_MS: Final = 5000
"""Of bursts and of reconnect storms."""
OLD_PROTOCOL: Final = 5
"""One device of so many speaks MQTT 3.1.1, the others MQTT 5."""


@dataclass(slots=True)
class Sent:
    """How it went."""

    sent: int = 0
    acknowledged: int = 0
    took_s: float = 0.0


@asynccontextmanager
async def publishers(
    host: str, port: int, passwords: Mapping[Identity, str], on_ack: Callable[[bytes, float], None]
) -> AsyncIterator[Mapping[Identity, Publisher]]:
    """A connection per device, closed at the end."""
    opened: dict[Identity, Publisher] = {}
    try:
        for account in passwords.items():
            opened[account[0]] = await Publisher.connect(host, port, *account, on_ack, version=_version(account[0]))
        yield opened
    finally:
        for publisher in opened.values():
            await publisher.close()


@asynccontextmanager
async def persistent_publishers(
    host: str, port: int, passwords: Mapping[Identity, str], on_ack: Callable[[bytes, float], None]
) -> AsyncIterator[Mapping[Identity, PersistentPublisher]]:
    """A device each that connects as often as it must."""
    devices = {
        account[0]: PersistentPublisher(host, port, *account, on_ack, version=_version(account[0]))
        for account in passwords.items()
    }
    try:
        yield devices
    finally:
        for device in devices.values():
            await device.close()


async def run(
    load: Load,
    host: str,
    port: int,
    passwords: Mapping[Identity, str],
    delivered: Delivered,
    start: int,
    *,
    persistent: bool = False,
    drain_s: float = DRAIN_S,
) -> Sent:
    """Send a load and wait for the acknowledgements. `start`: now, in ms since 1970.

    ConnectionError when the broker goes away, unless the devices are `persistent` (as those of a reconnect storm are).
    """
    accounts = {identity: passwords[identity] for identity in load.identities}
    return await send(
        load.plan(start), host, port, accounts, delivered, start, load.faults, persistent=persistent, drain_s=drain_s
    )


async def send(
    plan: Iterable[Message],
    host: str,
    port: int,
    passwords: Mapping[Identity, str],
    delivered: Delivered,
    start: int,
    faults: Faults,
    *,
    persistent: bool = False,
    drain_s: float = DRAIN_S,
    on_sent: Callable[[Message], None] = lambda _message: None,
) -> Sent:
    """Send each message when it is due, `start` being now (ms since 1970), and wait for the acknowledgements."""
    result = Sent()

    def acknowledged(payload: bytes, _sent: float) -> None:
        result.acknowledged += 1
        delivered.add(payload)

    opened = persistent_publishers if persistent or faults.reconnects else publishers
    async with opened(host, port, passwords, acknowledged) as connections:
        began = time.monotonic()
        storms = asyncio.create_task(_storms(list(connections.values()), faults.reconnects))
        try:
            for message in plan:
                ahead = began + (_due(message.due, start, faults) - start) / 1000 - time.monotonic()
                if ahead > 0:
                    await asyncio.sleep(max(ahead, TICK_S))
                if message.refusal:
                    delivered.expect(message.payload, message.refusal)
                if message.counts_as:
                    delivered.expect_as(message.payload, message.counts_as)
                await connections[message.identity].send(message.payload, 0.0, IN_FLIGHT, message.content_type)
                result.sent += 1
                on_sent(message)
        except asyncio.CancelledError:
            with suppress(TimeoutError):
                await _drained(connections.values(), min(drain_s, END_S))
            raise
        finally:
            storms.cancel()
        await _drained(connections.values(), drain_s)
        result.took_s = time.monotonic() - began
    return result


async def _drained(connections: Iterable[Publisher | PersistentPublisher], within_s: float) -> None:
    async with asyncio.timeout(within_s):
        for connection in connections:
            await connection.drained()


def _due(due: int, start: int, faults: Faults) -> int:
    """In a burst everything of a stretch comes at its end."""
    place = (due - start) % CYCLE_MS
    gathered = round(faults.bursts * CYCLE_MS)
    return due + gathered - place if place < gathered else due


async def _storms(connections: Sequence[Publisher | PersistentPublisher], share: float) -> None:
    """Every few seconds so many of the devices lose their connection, all at the same moment."""
    lost = connections[: round(share * len(connections))] if share else ()
    while lost:
        await asyncio.sleep(CYCLE_MS / 1000)
        for connection in lost:
            connection.drop()


def _version(identity: Identity) -> int:
    return 4 if crc32(str(identity).encode()) % OLD_PROTOCOL == 0 else 5
