"""A backlog in Kafka, as the gateway would have left it, and what is true of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Any, Final, NamedTuple

from deploy.stack import Stack
from schemas.identity import Identity
from schemas.topics import EVENTS
from services.ingest.forwarder import partition_of
from services.ingest.validation import Accepted, accept
from services.runtime.clock import utc_now
from services.runtime.kafka import open_producer
from simulators.cities import CITIES
from simulators.moments import DAY, HOUR, MINUTE, SECOND, milliseconds
from simulators.systems.contact_centre import SYSTEM
from tests.bench.stencil import PATIENT, Call, Size, Stencil, stencil

SEED: Final = 469
STENCILS: Final = 9973
"""A prime, so that every device gets every fact."""
DEVICES_PER_PARTITION: Final = 2
REDELIVERED: Final = 500
"""Events that come again in one piece, as after a gateway's death."""
UNDER_WAY: Final = 60
CHECKED_EVERY: Final = 4999

Minute = tuple[str, int]
"""City, and ms since 1970."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to send: `events` different ones over the last `hours`, and `duplicates` of each 1,000 again."""

    events: int
    cities: tuple[str, ...] = ("bench",)
    hours: float = 2.0
    duplicates: float = 1.0
    size: Size = "plain"


class Sent(NamedTuple):
    """A Kafka record."""

    partition: int
    key: bytes
    body: bytes


@dataclass(slots=True)
class Backlog:
    """What was sent, and the truth of each city and minute."""

    order: Order
    records: int = 0
    size_bytes: int = 0
    seconds: float = 0.0
    minutes: dict[Minute, Call] = field(default_factory=dict)

    @property
    def duplicates(self) -> int:
        """Records that repeat another one."""
        return self.records - self.order.events

    @property
    def total(self) -> Call:
        """Over everything."""
        return Call(*map(sum, zip(*self.minutes.values(), strict=True)))


def devices(city: str, partitions: int) -> list[Identity]:
    """As many devices on every partition."""
    found: list[list[Identity]] = [[] for _ in range(partitions)]
    for number in count(1):
        identity = Identity(city, "contact-centre", f"pbx-{number}")
        lane = found[partition_of(identity.key, partitions)]
        if len(lane) < DEVICES_PER_PARTITION:
            lane.append(identity)
        if all(len(lane) == DEVICES_PER_PARTITION for lane in found):
            break
    return [lane[place] for place in range(DEVICES_PER_PARTITION) for lane in found]


def stencils(size: Size) -> list[Stencil]:
    """Some days of a regional city's contact centre."""
    city = CITIES["karaganda"]
    begin = milliseconds(utc_now()) - 5 * DAY
    facts = islice(SYSTEM.facts(SEED, city, begin, begin + 5 * DAY), STENCILS)
    return [stencil(fact, city.code, size) for fact in facts]


async def produce(stack: Stack, order: Order) -> Backlog:
    """Send it, spread evenly over devices and time, in order of time."""
    producer = open_producer(stack.kafka_bootstrap, client_id="bench", linger_ms=0)
    await producer.start()
    began = time.monotonic()
    try:
        partitions = len(await producer.partitions_for(EVENTS))
        lanes = [_Lane(producer, partition) for partition in range(partitions)]
        backlog = Backlog(order)
        for record in _redelivered(records_of(order, partitions, backlog.minutes), order.duplicates):
            await lanes[record.partition].put(record.key, record.body)
        for lane in lanes:
            await lane.close()
        backlog.records = sum(lane.records for lane in lanes)
        backlog.size_bytes = sum(lane.size_bytes for lane in lanes)
    finally:
        await producer.stop()
    backlog.seconds = time.monotonic() - began
    return backlog


class _Lane:
    """One partition's records, in batches of the size that the gateway makes."""

    def __init__(self, producer: Any, partition: int) -> None:
        self._producer = producer
        self._partition = partition
        self._builder = producer.create_batch()
        self._under_way: list[asyncio.Future[Any]] = []
        self.records = 0
        self.size_bytes = 0

    async def put(self, key: bytes, body: bytes) -> None:
        if self._builder.append(timestamp=None, key=key, value=body) is None:
            await self._send()
            self._builder.append(timestamp=None, key=key, value=body)
        self.records += 1
        self.size_bytes += len(body)

    async def close(self) -> None:
        if self._builder.record_count():
            await self._send()
        await asyncio.gather(*self._under_way)

    async def _send(self) -> None:
        self._under_way.append(await self._producer.send_batch(self._builder, EVENTS, partition=self._partition))
        self._builder = self._producer.create_batch()
        if len(self._under_way) >= UNDER_WAY:
            await asyncio.gather(*self._under_way)
            self._under_way.clear()
        await asyncio.sleep(0)


def records_of(order: Order, partitions: int, minutes: dict[Minute, Call]) -> Iterator[Sent]:
    """Every record in order of time; fills in the truth."""
    forms = stencils(order.size)
    sources = [device for city in order.cities for device in devices(city, partitions)]
    ways = [(partition_of(device.key, partitions), device.key, device.source.encode()) for device in sources]
    span = round(order.hours * HOUR)
    begin = (milliseconds(utc_now()) - span) // MINUTE * MINUTE
    grain = SECOND if order.size == "plain" else 1
    calls: dict[Minute, list[Call]] = {}
    for number in range(order.events):
        form, place = forms[number % STENCILS], number % len(ways)
        partition, key, source = ways[place]
        moment = begin + number * span // order.events // grain * grain
        body = form.fill(source, number // len(ways), number // STENCILS, moment)
        if number % CHECKED_EVERY == 0:
            _check(sources[place], body)
        if form.call.offered:
            calls.setdefault((sources[place].city, moment // MINUTE * MINUTE), []).append(form.call)
        yield Sent(partition, key, body)
    for minute, found in calls.items():
        minutes[minute] = Call(*map(sum, zip(*found, strict=True)))


def _redelivered(sent: Iterable[Sent], per_thousand: float) -> Iterator[Sent]:
    """Pieces of it come again, as after a gateway's death."""
    recent: list[Sent] = []
    owed = 0.0
    for record in sent:
        yield record
        recent.append(record)
        if len(recent) == REDELIVERED:
            owed += REDELIVERED * per_thousand / 1000
            if owed >= REDELIVERED:
                owed -= REDELIVERED
                yield from recent
            recent.clear()


def _check(device: Identity, body: bytes) -> None:
    """The gateway would have sent exactly this."""
    (outcome,) = accept(device, body, utc_now(), PATIENT)
    assert isinstance(outcome, Accepted), outcome
    assert outcome.body == body
