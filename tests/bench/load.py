"""What the benches send: answered calls at a rate, from a few devices, at a few microseconds a message.

All calls of a tick share their timestamps; the rest of the event is made beforehand.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from schemas.identity import Identity
from simulators.facts import Fact, encode
from simulators.moments import milliseconds
from simulators.sending import IN_FLIGHT, publishers

TICK_S = 0.002
_TIME = b"1970-01-01T00:00:00.000Z"
WAIT_MS = 5000
"""Every call waited this long."""


@dataclass(slots=True)
class Sending:
    """What has been sent so far."""

    sent: int = 0
    acknowledged: int = 0
    moments: list[float] = field(default_factory=list)
    """When the n-th message was handed to its connection (monotonic); kept if asked for."""


def devices(city: str, count: int) -> list[Identity]:
    """The devices of a bench."""
    return [Identity(city, "contact-centre", f"bench-{number}") for number in range(1, count + 1)]


class Template:
    """An answered call of one device, with places for id and time."""

    def __init__(self, identity: Identity) -> None:
        data = {"call": "bench", "queue": "bench", "queued_at": -WAIT_MS, "answered_at": 0}
        raw = encode(
            identity.city,
            Fact(0, "ID", identity.device, "contact-centre.call-answered", data, "contact-centre"),
            recorded=0,
        )
        # queued_at lies before 1970 here and is the only other timestamp: let it equal the rest.
        raw = raw.replace(b"1969-12-31T23:59:55.000Z", _TIME)
        head, self._rest = raw.split(b'"ID"', 1)
        self._head = head + b'"'

    def of(self, moment: bytes) -> tuple[bytes, bytes]:
        """What stands before and after the id of an event that happened at this moment."""
        return self._head, b'"' + self._rest.replace(_TIME, moment)


async def send(
    host: str,
    port: int,
    passwords: Mapping[Identity, str],
    *,
    rate: float,
    seconds: float,
    clock: Callable[[], datetime],
    gate: Callable[[int], Awaitable[None]] | None = None,
    keep: bool = False,
    sending: Sending | None = None,
) -> Sending:
    """Send for `seconds` at `rate` messages a second; `gate(sent)` may hold it back before each tick."""
    sending = sending or Sending()

    def acknowledged(_payload: bytes, _sent: float) -> None:
        sending.acknowledged += 1

    async with publishers(host, port, passwords, acknowledged) as opened:
        connections = list(opened.values())
        templates = [Template(identity) for identity in passwords]
        run = str(milliseconds(clock())).encode()
        began = time.monotonic()
        while (elapsed := time.monotonic() - began) < seconds:
            if gate:
                await gate(sending.sent)
            moment = clock().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3].encode() + b"Z"
            parts = [template.of(moment) for template in templates]
            until = round(elapsed * rate) if gate is None else sending.sent + round(rate * TICK_S)
            for number in range(sending.sent, until):
                place = number % len(connections)
                head, rest = parts[place]
                if keep:
                    sending.moments.append(time.monotonic())
                await connections[place].send(head + run + b"-%d" % number + rest, 0.0, IN_FLIGHT)
            sending.sent = max(sending.sent, until)
            await asyncio.sleep(TICK_S if gate is None else 0)
        for connection in connections:
            await connection.drained()
    return sending
