"""A city's past, over the HTTP intake: batches of what happened, without the mark that makes an event live (1.1)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import httpx2

from simulators.cities import City
from simulators.delivered import Delivered
from simulators.facts import Fact, encode

BATCH: Final = 4000
"""Events in a request: under the intake's limit of 10,000 and 8 MiB."""
IN_FLIGHT: Final = 3
_MEDIA_TYPE: Final = "application/cloudevents-batch+json"
_TRY_AGAIN: Final = frozenset({429, 502, 503, 504})
_PATIENCE: Final = 60
"""Tries, one second apart, before giving up on an intake that is away."""
_KEY_PATIENCE: Final = 6
"""Tries until an intake must know a new key; it reads the keys every few seconds."""


class HistoryError(Exception):
    """The intake refused, with what it said."""


async def send(
    city: City,
    facts: Iterable[Fact],
    url: str,
    key: str,
    delivered: Delivered,
    progress: Callable[[int], None],
) -> int:
    """Send facts to `{url}/v1/events`; the number accepted.

    Repeating it does no harm: the same facts have the same identity and bytes. `progress` gets the number of events
    accepted so far. HistoryError when the key or an event is refused, or the intake stays away.
    """
    accepted = 0
    headers = {"Authorization": f"Bearer {key}", "Content-Type": _MEDIA_TYPE}
    limits = httpx2.Limits(max_connections=IN_FLIGHT)
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=60, limits=limits, trust_env=False) as client:
        under_way: set[asyncio.Task[list[bytes]]] = set()
        try:
            for batch in _batches(city, facts):
                under_way.add(asyncio.create_task(_post(client, batch)))
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


def _batches(city: City, facts: Iterable[Fact]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    for fact in facts:
        batch.append(encode(city.code, fact))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _note(done: Iterable[asyncio.Task[list[bytes]]], delivered: Delivered) -> int:
    count = 0
    for task in done:
        events = task.result()
        count += len(events)
        for event in events:
            delivered.add(event)
    return count


async def _post(client: httpx2.AsyncClient, batch: list[bytes]) -> list[bytes]:
    body = b"[" + b",".join(batch) + b"]"
    for tried in range(_PATIENCE):
        try:
            response = await client.post("/v1/events", content=body)
        except httpx2.TransportError:
            await asyncio.sleep(1)
            continue
        if response.status_code in _TRY_AGAIN or (response.status_code == 401 and tried < _KEY_PATIENCE):
            await asyncio.sleep(1)
            continue
        return _accepted(response, batch)
    raise HistoryError(f"{client.base_url}: no answer after {_PATIENCE} tries")


def _accepted(response: httpx2.Response, batch: list[bytes]) -> list[bytes]:
    if response.status_code != 200:
        raise HistoryError(f"{response.status_code}: {_complaint(response)}")
    return batch


def _complaint(response: httpx2.Response) -> str:
    try:
        answer: dict[str, Any] = response.json()
    except ValueError:
        return response.text[:500]
    rejected = [item for item in answer.get("items", ()) if item.get("status") != "accepted"]
    return str(rejected[0] if rejected else answer)[:500]
