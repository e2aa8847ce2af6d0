"""Small towns whose past is told to the scorer's own transaction, and closed, under a clock of the test's.

Everything is real but the way from the gateway to the scorer: what the gateway lets in is committed without Kafka.
That lets a year of twenty towns fit into minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Final

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.catalogue import Category
from schemas.identity import Identity
from services.cityscore.catalogue import load_catalogue
from services.cli.database import CitiesFile, apply_cities
from services.ingest.validation import Accepted, Limits, accept
from services.runtime.metrics import Metrics
from services.scorer import types
from services.scorer.closing import Closer
from services.scorer.measures import compile_measures
from services.scorer.transaction import commit_events
from simulators import history
from simulators.cities import CITIES, City, Rates
from simulators.facts import Fact, encode
from simulators.faults import Faults
from simulators.moments import DAY, milliseconds
from simulators.systems import SYSTEMS
from simulators.wire import Message
from tests.keys import PSEUDONYMS
from tests.scorer.test_transaction import Partition

BATCH: Final = 5000
SETTLED: Final = timedelta(minutes=2)
ALWAYS: Final = ("contact-centre", "settlement-centre", "environment", "energy")
"""What every town has, so that there is something to deliver of every day, week, month, quarter and year …"""
BUSY: Final = ("situation-centre", "traffic", "parking")
"""… these one town each, because they make half of a small town's events, and the others every `SHARE`th town."""
SHARE: Final = 10
RARELY: Final = "environment"
"""Its stations speak every 20 minutes: but in the first town they are heard on one day in seven."""
_COMPILED: Final = compile_measures(load_catalogue())
_SMALL: Final = Rates(calls=12, requests=6, wait_ms=26_000, satisfaction=0.65)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time."""

    begin: datetime
    end: datetime

    @property
    def ms(self) -> tuple[int, int]:
        """In ms since 1970."""
        return milliseconds(self.begin), milliseconds(self.end)


@dataclass(frozen=True, slots=True)
class Town:
    """A district town; its number is its partition and its seed."""

    number: int
    city: City
    systems: tuple[str, ...]

    @property
    def scored(self) -> types.City:
        """As the scorer knows it."""
        return types.City(self.city.code, self.city.category.value, self.city.timezone, 0)


def town(number: int, systems: Sequence[str] = ()) -> Town:
    """The town of this number, with these systems or as many as it is to have."""
    code, residents = f"town-{number:02}", 4000 + 500 * number
    small = replace(CITIES["taiynsha"], code=code, residents=residents, volume=0.01, rates=_SMALL)
    return Town(number, small, tuple(systems or usual(number)))


def usual(number: int) -> list[str]:
    """The systems of the town of this number: every system is in one of the first `SHARE` towns."""
    others = [name for name in SYSTEMS if name not in (*ALWAYS, *BUSY)]
    return [*ALWAYS, *others[number % SHARE :: SHARE], *BUSY[number : number + 1]]


async def register(url: SecretStr, towns: Iterable[Town]) -> None:
    """Make them known."""
    entries = [
        {"code": t.city.code, "name": dict(t.city.names), "category": Category.DISTRICT, "timezone": t.city.timezone}
        for t in towns
    ]
    await apply_cities(url, CitiesFile.model_validate({"cities": entries}))


async def live_through(engine: AsyncEngine, town: Town, span: Span, now: datetime, events: Path) -> int:
    """Tell and close a span, by a clock that stands at `now`; the raw events go to a file. How many there were."""
    with events.open("wb") as file:
        facts = (message for system in town.systems for message in _plan(town, span, system))
        count = await tell(engine, town, _noted(facts, file), now)
    await close(engine, town, now)
    return count


def _plan(town: Town, span: Span, system: str) -> Iterator[Message]:
    begin, end = span.ms
    heard = [(begin, end)]
    if system == RARELY and town.number:
        heard = [(day, min(day + DAY, end)) for day in range(begin, end, 7 * DAY)]
    for some in heard:
        yield from history.plan(town.city, SYSTEMS[system], town.number, some, Faults(), end)


def _noted(messages: Iterable[Message], file: IO[bytes]) -> Iterator[Message]:
    for message in messages:
        file.write(message.payload + b"\n")
        yield message


async def tell(engine: AsyncEngine, town: Town, messages: Iterable[Message], now: datetime) -> int:
    """Commit what the gateway makes of these messages; how many there were."""
    partition = Partition(engine, "year", town.number)
    position = first = await partition.enter()
    rest = iter(messages)
    while group := list(islice(rest, BATCH)):
        bodies = [_let_in(message, now) for message in group]
        batch = partition.batch(position, bodies)
        outcome = await commit_events(
            engine, batch, partition.decoder, _COMPILED, {town.city.code: town.scored}, lambda: now
        )
        assert len(outcome.new) == len(bodies), outcome
        position += len(bodies)
    return position - first


def _let_in(message: Message, now: datetime) -> bytes:
    (outcome,) = accept(message.identity, message.payload, now, Limits(), pseudonyms=PSEUDONYMS)
    assert isinstance(outcome, Accepted), outcome
    return outcome.body


async def close(engine: AsyncEngine, town: Town, now: datetime) -> None:
    """Close and revise what is over at `now` and two minutes later, when the past counts as settled."""
    for moment in (now, now + SETTLED):
        closer = Closer(engine, load_catalogue(), partial(_stands, moment), Metrics())
        while await closer.close(town.scored):
            pass


def _stands(moment: datetime) -> datetime:
    return moment


def late_call(town: Town, at: int) -> Message:
    """Somebody waited ten minutes for an operator, until `at` (ms since 1970)."""
    data = {"call": "late", "queue": "main", "queued_at": at - 600_000, "answered_at": at}
    fact = Fact(at, "late", "pbx-1", "contact-centre.call-answered", data, "contact-centre")
    return Message(Identity(town.city.code, "contact-centre", "pbx-1"), encode(town.city.code, fact), at)
