"""Load: a stream of facts of the moment at a rate no city has, with duplicates, disorder and lateness on request.

Which events come, in which order and how late, follows from the seed; when it starts is an argument.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any, Final, NamedTuple

from schemas.identity import Identity
from simulators.delivered import Delivered
from simulators.facts import Fact, encode
from simulators.faults import DRIFT, Frozen, drifted
from simulators.moments import DAY, MINUTE, SECOND
from simulators.publisher import PersistentPublisher, Publisher

TICK_S: Final = 0.005
IN_FLIGHT: Final = 1000
"""Messages a device sends ahead of their acknowledgement."""
DRAIN_S: Final = 60.0
SYSTEM: Final = "contact-centre"
_KINDS: Final = {"answered": 46, "abandoned": 8, "registered": 16, "course": 18, "survey": 12}
_OPEN_REQUESTS: Final = 2000


@dataclass(frozen=True, slots=True)
class Load:
    """What to send. The shares are 0…1 of all messages."""

    city: str
    seed: int
    rate: float
    """Messages a second."""
    duration_s: float
    devices: int = 4
    duplicates: float = 0.0
    """Sent once more, some hundred messages later."""
    disorder: float = 0.0
    """Sent some hundred messages after their turn."""
    lateness: float = 0.0
    """Facts up to two days old."""
    loss: float = 0.0
    """Counted in its source's `sequence` and never sent."""
    drifting: int = 0
    """Devices whose clock is 45 s ahead; with `frozen` and `silent` the last ones, in this order."""
    frozen: int = 0
    """Devices that say what they said first, at new times."""
    silent: int = 0
    """Devices that say nothing from half of the time on."""

    @property
    def identities(self) -> tuple[Identity, ...]:
        """The devices that send it."""
        return tuple(Identity(self.city, SYSTEM, f"load-{number}") for number in range(1, self.devices + 1))

    @property
    def faults(self) -> tuple[range, range, range]:
        """Which devices drift, are frozen and fall silent, counted from 0."""
        ends = (self.devices - self.silent - self.frozen, self.devices - self.silent, self.devices)
        return range(ends[0] - self.drifting, ends[0]), range(ends[0], ends[1]), range(ends[1], ends[2])


class Message(NamedTuple):
    """One message; `device` counts from 0."""

    device: int
    payload: bytes
    turn: int
    """Its place in the plan, where what is not sent has its turn too."""


class _Open(NamedTuple):
    code: str
    device: int
    kind: str
    registered: int
    due: int


def messages(load: Load, start: int) -> Iterator[Message]:
    """All messages in the order of sending; `start` in ms since 1970 is the moment of the first."""
    rng = Random(f"{load.seed}/load/{start}")
    waiting: list[tuple[int, int, Message]] = []
    for number, message in enumerate(_in_order(load, rng, start)):
        place = number + (rng.randrange(1, 400) if rng.random() < load.disorder else 0)
        heapq.heappush(waiting, (place, 2 * number, message))
        if rng.random() < load.duplicates:
            heapq.heappush(waiting, (place + rng.randrange(1, 800), 2 * number + 1, message))
        while waiting and waiting[0][0] <= number:
            yield heapq.heappop(waiting)[2]
    while waiting:
        yield heapq.heappop(waiting)[2]


def _in_order(load: Load, rng: Random, start: int) -> Iterator[Message]:
    sequences = [0] * load.devices
    still_open: list[_Open] = []
    drifting, frozen, silent = load.faults
    repeat = {device: Frozen() for device in frozen}
    kinds = rng.choices(tuple(_KINDS), tuple(_KINDS.values()), k=round(load.rate * load.duration_s))
    for number, kind in enumerate(kinds):
        now = start + round(number * 1000 / load.rate)
        happened = now - (rng.randrange(MINUTE, 2 * DAY) if rng.random() < load.lateness else 0)
        code = f"s{load.seed}-l{start}-{number}"
        device = number % load.devices
        if kind == "course" and still_open:
            opened = still_open.pop(rng.randrange(len(still_open)))
            device, fact = opened.device, _course(rng, opened, max(now, opened.registered))
        elif kind in ("registered", "course"):
            fact, opened = _registered(rng, code, device, happened)
            still_open.append(opened)
            del still_open[:-_OPEN_REQUESTS]
        else:
            fact = (
                _call(rng, kind, code, device, happened) if kind != "survey" else _survey(rng, code, device, happened)
            )
        if device in silent and 2 * number >= len(kinds):
            continue
        sequences[device] += 1
        if load.loss and rng.random() < load.loss:
            continue
        if device in repeat:
            fact = repeat[device](fact)
        ahead = DRIFT if device in drifting else 0
        fact = drifted(fact, ahead) if ahead else fact
        yield Message(device, encode(load.city, fact, recorded=now + ahead, sequence=sequences[device]), number)


def _fact(time: int, identifier: str, device: int, kind: str, data: Mapping[str, Any]) -> Fact:
    return Fact(time, identifier, f"load-{device + 1}", f"{SYSTEM}.{kind}", data, SYSTEM)


def _call(rng: Random, kind: str, code: str, device: int, at: int) -> Fact:
    data = {"call": code, "queue": "load", "queued_at": at - int(rng.expovariate(1 / 25_000)), f"{kind}_at": at}
    return _fact(at, code, device, f"call-{kind}", data)


def _survey(rng: Random, code: str, device: int, at: int) -> Fact:
    scale = rng.choice((5, 10))
    survey = "request_closed" if scale == 5 else "service"
    data = {"survey": survey, "score": rng.randint(1, scale), "scale": scale, "answered_at": at}
    return _fact(at, code, device, "survey-answered", data)


def _registered(rng: Random, code: str, device: int, at: int) -> tuple[Fact, _Open]:
    kind = rng.choice(("incident", "inquiry", "proposal", "complaint"))
    due = at + rng.choice((5 * SECOND, 20 * SECOND, MINUTE, 5 * MINUTE, DAY))
    data: dict[str, Any] = {"request": code, "kind": kind, "category": "load", "channel": "app"}
    if kind == "complaint" and rng.random() < 0.3:
        data["repeat_of"] = f"{code}-earlier"
    fact = _fact(at, code, device, "request-registered", {**data, "registered_at": at, "due_at": due})
    return fact, _Open(code, device, kind, at, due)


def _course(rng: Random, opened: _Open, at: int) -> Fact:
    data = {"request": opened.code, "registered_at": opened.registered, "due_at": opened.due}
    if rng.random() < 0.2:
        attempt = rng.choice((1, 1, 2))
        data |= {"forwarded_at": at, "service": "load", "attempt": attempt}
        return _fact(at, f"{opened.code}-forwarded", opened.device, "request-forwarded", data)
    data |= {"kind": opened.kind, "resolved_at": at, "first_contact": rng.random() < 0.7}
    return _fact(at, f"{opened.code}-resolved", opened.device, "request-resolved", data)


@dataclass(slots=True)
class Sent:
    """How it went."""

    sent: int = 0
    acknowledged: int = 0
    took_s: float = 0.0


@asynccontextmanager
async def publishers(
    host: str, port: int, passwords: Mapping[Identity, str], on_ack: Callable[[bytes, float], None]
) -> AsyncIterator[Sequence[Publisher]]:
    """A connection per device, closed at the end."""
    opened = [await Publisher.connect(host, port, *account, on_ack) for account in passwords.items()]
    try:
        yield opened
    finally:
        for publisher in opened:
            await publisher.close()


@asynccontextmanager
async def persistent_publishers(
    host: str, port: int, passwords: Mapping[Identity, str], on_ack: Callable[[bytes, float], None]
) -> AsyncIterator[Sequence[PersistentPublisher]]:
    """A device each that connects as often as it must."""
    devices = [PersistentPublisher(host, port, *account, on_ack) for account in passwords.items()]
    try:
        yield devices
    finally:
        for device in devices:
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
    """Send it all at its rate and wait for the acknowledgements. `start`: now, in ms since 1970.

    ConnectionError when the broker goes away, unless the devices are `persistent`.
    """
    result = Sent()

    def acknowledged(payload: bytes, _sent: float) -> None:
        result.acknowledged += 1
        delivered.add(payload)

    accounts = {identity: passwords[identity] for identity in load.identities}
    kind = persistent_publishers if persistent else publishers
    async with kind(host, port, accounts, acknowledged) as connections:
        began = time.monotonic()
        for message in messages(load, start):
            ahead = began + max(result.sent, message.turn) / load.rate - time.monotonic()
            if ahead > 0:
                await asyncio.sleep(max(ahead, TICK_S))
            await connections[message.device].send(message.payload, 0.0, IN_FLIGHT)
            result.sent += 1
        async with asyncio.timeout(drain_s):
            for connection in connections:
                await connection.drained()
        result.took_s = time.monotonic() - began
    return result
