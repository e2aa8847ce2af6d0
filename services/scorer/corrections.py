"""Corrections: an event that supersedes another takes its place (docs/adr/0008-corrections.md).

`settle` decides, before a batch is stored, which superseding events hold, and enters what they supersede into the
ledger; `take_back` finds what the superseded events had added. Without superseding events no statement runs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import add
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.dead_letter import Reason
from schemas.events.envelope import EventClass
from services.scorer import ledger, stored_events, tombstones
from services.scorer.decoding import RecordDecoder, hash64
from services.scorer.errors import ContendedError
from services.scorer.fold import fold
from services.scorer.imported import IMPORTED, unstamped
from services.scorer.measures import Compiled
from services.scorer.tombstones import KEYS, columns
from services.scorer.types import Batch, City, Decoded, EventKey, Folded, Part, Record, Rejected


class Known(NamedTuple):
    """What the database says about a batch's corrections before any of them is stored."""

    contents: Mapping[EventKey, int]
    """Content hash of each that is stored already."""
    taken: Collection[EventKey]
    """What is superseded already."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A batch once its corrections are decided."""

    events: Sequence[Decoded]
    """What is left to be stored, in the order of offsets."""
    duplicate: int = 0
    rejected: Sequence[Rejected] = ()
    supersedes: Mapping[EventKey, Decoded] = field(default_factory=dict)
    """The correction that holds, by the key of what it supersedes."""
    counted: Sequence[EventKey] = ()
    """What is superseded and was stored before, hence counted until now."""


def target_of(event: Decoded) -> EventKey | None:
    """The key of what this event supersedes: of the same source and class."""
    named = event.event.supersedesid
    if named is None:
        return None
    return EventKey(hash64(f"{event.event.source}\0{named}".encode()), event.event.supersedestime)


def decide(events: Sequence[Decoded], known: Known) -> Settled:
    """Which corrections hold, event by event: the first content of an identity, the first to supersede an event.

    Events that share no identity with a correction are left to the ledger.
    """
    contents = dict(known.contents)
    corrections = {event.key for event in events if target_of(event)}
    kept: list[Decoded] = []
    supersedes: dict[EventKey, Decoded] = {}
    rejected: list[Rejected] = []
    for event in events:
        target = target_of(event)
        content = contents.get(event.key)
        if content is not None and content != event.content_hash:
            rejected.append(ledger.conflict(event))
        elif content is None and target is not None and (target in supersedes or target in known.taken):
            rejected.append(_too_late(event))
        elif content is None:
            kept.append(event)
            if event.key in corrections:
                contents[event.key] = event.content_hash
            if target is not None:
                supersedes[target] = event
    return Settled(kept, len(events) - len(kept) - len(rejected), rejected, supersedes)


def _too_late(event: Decoded) -> Rejected:
    detail = "another event supersedes that one already: supersede the correction instead"
    return Rejected(event.offset, Reason.CONFLICT, detail, event.body, event.identity)


async def settle(connection: AsyncConnection, events: Sequence[Decoded], partition: int) -> Settled:
    """Decide a batch's corrections, and enter what they supersede into the ledger, so that it meets its correction."""
    corrections = [event for event in events if event.event.supersedesid is not None]
    if not corrections:
        return Settled(events)
    settled = decide(events, await _known(connection, corrections))
    by_class: defaultdict[EventClass, dict[EventKey, Decoded]] = defaultdict(dict)
    for target, correction in sorted(settled.supersedes.items()):
        by_class[correction.event_class][target] = correction
    counted: list[EventKey] = []
    for event_class, supersedes in sorted(by_class.items()):
        counted += await tombstones.enter(connection, event_class, supersedes)
        await _record(connection, event_class, supersedes, partition)
    return replace(settled, counted=counted)


async def _known(connection: AsyncConnection, corrections: Sequence[Decoded]) -> Known:
    contents: dict[EventKey, int] = {}
    taken: set[EventKey] = set()
    for event_class in sorted({event.event_class for event in corrections}):
        mine = [event for event in corrections if event.event_class == event_class]
        contents |= await tombstones.contents(connection, event_class, [event.key for event in mine])
        targets = [target for target in map(target_of, mine) if target is not None]
        taken |= await superseded(connection, event_class, targets)
    return Known(contents, taken)


async def superseded(connection: AsyncConnection, event_class: EventClass, keys: Collection[EventKey]) -> set[EventKey]:
    """Those of these events that a stored event supersedes, whether they are stored themselves or not."""
    rows = await connection.execute(_TAKEN, {"event_class": event_class, **columns(keys)})
    return {EventKey(row.id_hash, row.time) for row in rows}


_TAKEN: Final = sa.text("""
    SELECT id_hash, time FROM correction JOIN unnest(:id_hash, :time) AS named(id_hash, time) USING (id_hash, time)
    WHERE event_class = :event_class
""").bindparams(*KEYS)

_RECORD: Final = sa.text("""
    INSERT INTO correction (event_class, id_hash, time, by_id_hash, by_time, partition)
    SELECT :event_class, id_hash, time, by_id_hash, by_time, :partition
    FROM unnest(:id_hash, :time, :by_id_hash, :by_time) AS named(id_hash, time, by_id_hash, by_time)
    ON CONFLICT DO NOTHING
""").bindparams(
    *KEYS,
    sa.bindparam("by_id_hash", type_=ARRAY(sa.BigInteger())),
    sa.bindparam("by_time", type_=ARRAY(sa.DateTime(timezone=True))),
)


async def _record(
    connection: AsyncConnection, event_class: EventClass, supersedes: Mapping[EventKey, Decoded], partition: int
) -> None:
    by = columns((correction.key for correction in supersedes.values()), "by_")
    values = {"event_class": event_class, "partition": partition, **columns(supersedes), **by}
    if (await connection.execute(_RECORD, values)).rowcount != len(supersedes):
        raise ContendedError("another partition is superseding the same event at this moment")


def confirm(settled: Settled, stored: Collection[Decoded]) -> None:
    """ContendedError if a correction that was to hold turned out to be stored by another partition meanwhile."""
    if settled.supersedes:
        keys = {event.key for event in stored}
        if any(correction.key not in keys for correction in settled.supersedes.values()):
            raise ContendedError("another partition is storing the same correction at this moment")


async def take_back(
    connection: AsyncConnection,
    settled: Settled,
    batch: Batch,
    decoder: RecordDecoder,
    compiled: Compiled,
    cities: Mapping[str, City],
) -> dict[int, Folded]:
    """What the superseded events had added, negative, by the partition that added it."""
    if not settled.counted:
        return {}
    groups: defaultdict[tuple[int, datetime], list[Record]] = defaultdict(list)
    for found in (await stored_events.find(connection, settled.counted)).values():
        groups[found.partition, found.stored_at].append(Record(0, found.body))
    await _hold(connection, batch, {partition for partition, _ in groups})
    negative: dict[int, Folded] = {}
    for (partition, stored_at), records in groups.items():
        events, _ = decoder.decode(records, cities)
        if partition == IMPORTED:
            events = unstamped(events)
        gather(negative.setdefault(partition, Folded({}, {}, {})), fold(events, compiled, cities, stored_at, sign=-1))
    return negative


def gather(total: Folded, folded: Folded) -> None:
    """Add one fold's additions to `total`."""
    for key, part in folded.parts.items():
        known = total.parts.get(key)
        total.parts[key] = part if known is None else Part(*map(add, known, part))
    for bin_key, count in folded.bins.items():
        total.bins[bin_key] = total.bins.get(bin_key, 0) + count
    total.entries.update(folded.entries)  # each event has its own


_HOLD: Final = sa.text("""
    SELECT o.measures = mine.measures AS same FROM consumer_offset o, consumer_offset mine
    WHERE o.topic = :topic AND o.partition = ANY(:others)
      AND mine.cluster = :cluster AND mine.topic_id = :topic_id AND mine.partition = :partition
    ORDER BY o.cluster, o.topic_id, o.partition FOR UPDATE OF o
""").bindparams(sa.bindparam("others", type_=ARRAY(sa.Integer())))


async def _hold(connection: AsyncConnection, batch: Batch, partitions: Collection[int]) -> None:
    """Make other partitions wait whose parts are corrected; they must follow the same measures as this one."""
    others = sorted(set(partitions) - {batch.partition})
    if others:
        where = {"topic": batch.topic, "others": others, "cluster": batch.cluster, "topic_id": batch.topic_id}
        rows = await connection.execute(_HOLD, {**where, "partition": batch.partition})
        if not all(row.same for row in rows):
            raise ContendedError("what is superseded lies in a partition that follows other measures still")
