"""Publishing a list of payloads as one device, with a count of what the broker has acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.identity import Channel, parse_identity
from simulators.publisher import Publisher


@dataclass
class Load:
    """How many messages the broker has acknowledged."""

    acknowledged: int = 0
    waiting: dict[int, asyncio.Event] = field(default_factory=dict)

    async def reach(self, acknowledged: int) -> None:
        """Wait until the broker has acknowledged so many."""
        if self.acknowledged < acknowledged:
            await self.waiting.setdefault(acknowledged, asyncio.Event()).wait()

    def count(self, _payload: bytes, _sent: float) -> None:
        """One more acknowledged."""
        self.acknowledged += 1
        if self.acknowledged in self.waiting:
            self.waiting[self.acknowledged].set()


async def publish_all(
    port: int,
    username: str,
    password: str,
    payloads: Sequence[bytes],
    *,
    window: int = 500,
    load: Load | None = None,
    channel: Channel = "events",
) -> Load:
    """Publish all payloads on the device's topic; returns once the broker has acknowledged each."""
    load = load or Load()
    device = parse_identity(username)
    publisher = await Publisher.connect("127.0.0.1", port, device, password, load.count, channel)
    wanted = load.acknowledged + len(payloads)
    try:
        for payload in payloads:
            await publisher.send(payload, 0.0, window)
        await load.reach(wanted)
    finally:
        await publisher.close()
    return load
