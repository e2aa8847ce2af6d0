"""A city's past, over the HTTP intake: batches of what happened, without the mark that makes an event live (1.1)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from random import Random
from typing import Any, Final

import httpx2

from schemas.identity import Identity
from simulators.cities import City
from simulators.delivered import Delivered
from simulators.faults import Faults
from simulators.system import System
from simulators.wire import Message, Turn, messages, roles

BATCH: Final = 4000
"""Events in a request: under the intake's limit of 10,000 and 8 MiB."""
IN_FLIGHT: Final = 3
_MEDIA_TYPE: Final = "application/cloudevents-batch+json"
_TRY_AGAIN: Final = frozenset({429, 502, 503, 504})
_PATIENCE: Final = 60
"""Tries, one second apart, before giving up on an intake that is away."""
_KEY_PATIENCE: Final = 6
"""Tries until an intake must know a new key; it reads the keys every few seconds."""

Keys = Mapping[str, str]
"""An intake key per system."""


class HistoryError(Exception):
    """The intake refused, with what it said."""


def plan(
    city: City, system: System, seed: int, told: tuple[int, int], faults: Faults, silent_from: int
) -> Iterator[Message]:
    """What a system has to tell of a range of time (ms since 1970)."""
    begin, end = told
    turns = (Turn(fact, fact.time, None) for fact in system.facts(seed, city, begin, end))
    devices = (Identity(city.code, system.name, device) for device in system.devices(city))
    rng = Random(f"{seed}/history/{system.name}/{begin}")
    return messages(city.code, turns, faults, roles(devices, faults), rng, silent_from)


async def send(
    messages: Iterable[Message],
    url: str,
    keys: Keys,
    delivered: Delivered,
    progress: Callable[[int], None] = lambda _count: None,
) -> int:
    """Send messages to `{url}/v1/events`, in batches of one system each; the number accepted.

    Repeating it does no harm: the same facts have the same identity and bytes. `progress` gets the number of events
    accepted so far. HistoryError when a key or an event is refused that must not be, or the intake stays away.
    """
    accepted = 0
    limits = httpx2.Limits(max_connections=IN_FLIGHT)
    async with httpx2.AsyncClient(base_url=url, timeout=60, limits=limits, trust_env=False) as client:
        under_way: set[asyncio.Task[list[bytes]]] = set()
        try:
            for system, batch in batches(messages, BATCH):
                for message in batch:
                    if message.refusal:
                        delivered.expect(message.payload, message.refusal)
                under_way.add(asyncio.create_task(post(client, keys[system], batch)))
                if len(under_way) >= IN_FLIGHT:
                    done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                    accepted += _note(done, delivered)
                    progress(accepted)
                # Encoding is what this process does most: give the requests under way their turn.
                await asyncio.sleep(0)
            if under_way:
                done, under_way = await asyncio.wait(under_way)
                accepted += _note(done, delivered)
                progress(accepted)
        finally:
            for task in under_way:
                task.cancel()
    return accepted


def batches(messages: Iterable[Message], size: int) -> Iterator[tuple[str, list[Message]]]:
    """Messages of one system, as many as go into a request; one that must be refused goes alone."""
    waiting: dict[str, list[Message]] = {}
    for message in messages:
        system = message.identity.system
        if message.refusal:
            yield system, [message]
            continue
        batch = waiting.setdefault(system, [])
        batch.append(message)
        if len(batch) == size:
            yield system, waiting.pop(system)
    yield from waiting.items()


def _note(done: Iterable[asyncio.Task[list[bytes]]], delivered: Delivered) -> int:
    count = 0
    for task in done:
        events = task.result()
        count += len(events)
        for event in events:
            delivered.add(event)
    return count


async def post(client: httpx2.AsyncClient, key: str, batch: list[Message]) -> list[bytes]:
    """The payloads that were taken, all of them or HistoryError; of one to be refused, that it was."""
    if batch[0].refusal:
        response = await _answered(client, key, batch[0].payload, "application/cloudevents+json")
        if response.status_code != 422:
            raise HistoryError(f"{response.status_code}, though it is {batch[0].refusal}: {batch[0].payload[:300]!r}")
        return [batch[0].payload]
    body = b"[" + b",".join(message.payload for message in batch) + b"]"
    response = await _answered(client, key, body, _MEDIA_TYPE)
    if response.status_code != 200:
        raise HistoryError(f"{response.status_code}: {_complaint(response, batch)}")
    return [message.payload for message in batch]


async def _answered(client: httpx2.AsyncClient, key: str, body: bytes, media_type: str) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": media_type}
    for tried in range(_PATIENCE):
        try:
            response = await client.post("/v1/events", content=body, headers=headers)
        except httpx2.TransportError:
            await asyncio.sleep(1)
            continue
        if response.status_code in _TRY_AGAIN or (response.status_code == 401 and tried < _KEY_PATIENCE):
            await asyncio.sleep(1)
            continue
        return response
    raise HistoryError(f"{client.base_url}: no answer after {_PATIENCE} tries")


def _complaint(response: httpx2.Response, batch: list[Message]) -> str:
    try:
        answer: dict[str, Any] = response.json()
    except ValueError:
        return response.text[:500]
    rejected = [item for item in answer.get("items", ()) if item.get("status") != "accepted"]
    if not rejected:
        return str(answer)[:500]
    return f"{rejected[0]} of {batch[rejected[0]['index']].payload.decode(errors='replace')}"[:1500]
