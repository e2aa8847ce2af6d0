"""The order of a commit. The order is the guarantee: exactly once in effect, whatever dies when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.dead_letter import Reason
from services.runtime.clock import Clock
from services.scorer import additions, corrections, dead_letters, devices, ledger, offsets
from services.scorer.activity import observe
from services.scorer.decoding import RecordDecoder
from services.scorer.errors import UnknownCityError
from services.scorer.fold import fold
from services.scorer.measures import Compiled
from services.scorer.observations import observed
from services.scorer.types import Batch, City, Decoded, Rejected


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch, once it is committed."""

    new: Sequence[Decoded]
    stored: int
    duplicate: int
    rejected: int
    unreconciled: int
    stored_at: datetime


async def commit_events(
    engine: AsyncEngine,
    batch: Batch,
    decoder: RecordDecoder,
    compiled: Compiled,
    cities: Mapping[str, City],
    clock: Clock,
    *,
    measures: str = "",
    straight: bool = False,
    strangers: bool = True,
) -> Outcome:
    """Store one batch of the events topic in one transaction; FencedError when the partition is somebody else's.

    `measures` is the hash of what `compiled` and `cities` add by; FencedError too when the partition follows others.
    Without `strangers`, an event of an unknown city is an UnknownCityError instead of a dead letter. `straight` is for
    batches without events that are stored already: KnownEventsError when there is one. Any error leaves nothing behind;
    after a lost answer to COMMIT the stored offset tells what happened.
    """
    decoded, undecodable = decoder.decode(batch.records, cities)
    if not strangers and any(one.reason is Reason.UNKNOWN_CITY for one in undecodable):
        raise UnknownCityError(batch.topic)
    async with engine.begin() as connection:
        # 1. Move the partition's offset. This opens the transaction and stops whoever lost the partition.
        number = await offsets.move(connection, batch, measures)
        # 2. Insert into the ledger. Known events are duplicates; what is older than the floor is rejected; what
        #    supersedes another event holds its identity first, so that the two meet (nothing to do without such).
        stored_at = clock()
        young, too_old = above_floor(decoded, await ledger.floors(connection))
        settled = await corrections.settle(connection, young, batch.partition)
        entered = await ledger.store(connection, settled.events, batch, number, stored_at, straight=straight)
        corrections.confirm(settled, entered.stored)
        # 3. Add the parts of the new events, in key order; take back what those had added that they supersede.
        folded = fold(entered.new, compiled, cities, stored_at)
        beside = [*entered.bodies, observed(entered.new, stored_at)]
        await additions.add(connection, folded, batch.partition, cities, stored_at, beside=beside)
        negative = await corrections.take_back(connection, settled, batch, decoder, compiled, cities)
        for partition, taken in negative.items():
            await additions.add(connection, taken, partition, cities, stored_at)
        await devices.see(connection, observe(entered.stored, batch.records, stored_at), batch.partition, stored_at)
        # 4. Record what the scorer itself rejected, book the outcome, tell the cities.
        rejected = [*undecodable, *too_old, *settled.rejected, *entered.rejected]
        duplicate = settled.duplicate + entered.duplicate
        letters = ((r.offset, dead_letters.of_rejected(r, stored_at)) for r in rejected)
        await dead_letters.insert_letters(connection, batch, letters)
        unreconciled = await offsets.book(
            connection,
            batch,
            stored=len(entered.stored),
            duplicate=duplicate,
            rejected=len(rejected),
            cities={event.identity.city for event in entered.stored},
        )
        # 5. Commit, at the end of this block.
    # 6. Telling Kafka the offset, for lag display only, is the consumer's.
    return Outcome(entered.stored, len(entered.stored), duplicate, len(rejected), unreconciled, stored_at)


async def commit_dead_letters(engine: AsyncEngine, batch: Batch, clock: Clock) -> Outcome:
    """Copy one batch of the dead-letter topic into its table, by the same offset rule."""
    now = clock()
    async with engine.begin() as connection:
        await offsets.move(connection, batch)
        letters = ((record.offset, dead_letters.of_record(record, now)) for record in batch.records)
        await dead_letters.insert_letters(connection, batch, letters)
        unreconciled = await offsets.book(
            connection, batch, stored=len(batch.records), duplicate=0, rejected=0, cities=()
        )
    return Outcome((), len(batch.records), 0, 0, unreconciled, now)


def above_floor(events: Sequence[Decoded], floors: Mapping[str, datetime]) -> tuple[Sequence[Decoded], list[Rejected]]:
    """Events the ledger can still tell from duplicates, and those it cannot."""
    young: list[Decoded] = []
    too_old: list[Rejected] = []
    for event in events:
        floor = floors.get(event.event_class)
        superseded = event.event.supersedestime
        if floor is None or (event.key.time >= floor and (superseded is None or superseded >= floor)):
            young.append(event)
        else:
            what = "happened" if event.key.time < floor else "supersedes what happened"
            detail = f"{what} before {floor.isoformat()}, the oldest time this event class still takes"
            too_old.append(Rejected(event.offset, Reason.TOO_OLD, detail, event.body, event.identity))
    return young, too_old
