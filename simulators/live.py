"""A city as it happens: each fact when its departmental system has it, a moment after it happened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from random import Random
from zlib import crc32

import httpx2

from schemas.identity import Identity
from simulators import history
from simulators.cities import City
from simulators.delivered import Delivered
from simulators.facts import Fact
from simulators.faults import Faults
from simulators.history import Keys
from simulators.inventory import TOTAL
from simulators.moments import MINUTE, milliseconds
from simulators.system import System
from simulators.wire import Message, Turn, messages, roles, spread


def turns(facts: Iterable[Fact]) -> Iterator[Turn]:
    """When each fact is to be sent."""
    for fact in facts:
        recorded = fact.time + Random(fact.id).randrange(20, 400)
        yield Turn(fact, recorded, recorded)


class Spread:
    """A system's facts as those of so many devices at least: each device is several, which share its facts.

    The first of them keeps its name, so that its totals are the same source's as those told of the past.
    """

    def __init__(self, city: City, systems: Iterable[System], devices: int) -> None:
        systems = tuple(systems)
        self._copies = {
            system.name: -(-devices // len(names)) if devices and (names := system.devices(city)) else 1
            for system in systems
        }
        self.identities = [
            Identity(city.code, system.name, _named(device, number))
            for system in systems
            for device in system.devices(city)
            for number in range(self._copies[system.name])
        ]
        """Everybody who reports."""

    def device(self, _number: int, fact: Fact) -> str:
        """Who tells this fact: a dated total always the same one, because totals of several are added up."""
        copies = self._copies.get(fact.system, 1)
        number = 0 if fact.kind == TOTAL else crc32(fact.id.encode()) % copies
        return _named(fact.device, number)


def _named(device: str, number: int) -> str:
    return f"{device}-{number + 1}" if number else device


def plan(city: City, seed: int, facts: Iterable[Fact], who: Spread, faults: Faults, begin: int) -> Iterator[Message]:
    """What is told from `begin` (ms since 1970) on; silent devices fall silent a minute later."""
    rng = Random(f"{seed}/live/{begin}")
    own = turns(spread(facts, who.device))
    return messages(city.code, own, faults, roles(who.identities, faults), rng, begin + MINUTE)


async def post(
    plan: Iterable[Message],
    url: str,
    keys: Keys,
    delivered: Delivered,
    clock: Callable[[], datetime],
    on_sent: Callable[[Message], None] = lambda _message: None,
) -> None:
    """Departments over HTTP: each message alone, when it is due, until there are no more or the task is cancelled."""
    async with httpx2.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
        for message in plan:
            await asyncio.sleep(max(0.0, (message.due - milliseconds(clock())) / 1000))
            if message.refusal:
                delivered.expect(message.payload, message.refusal)
            for payload in await history.post(client, keys[message.identity.system], [message]):
                delivered.add(payload)
            on_sent(message)
