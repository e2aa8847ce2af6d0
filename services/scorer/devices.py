"""Recording what a batch shows of its sources: one statement, on rows that no other scorer touches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from services.scorer import sequences
from services.scorer.activity import Device, Observed

_MOMENT: Final = sa.DateTime(timezone=True)


def _arrays(**kinds: sa.types.TypeEngine[Any]) -> list[sa.BindParameter[Any]]:
    return [sa.bindparam(name, type_=ARRAY(kind)) for name, kind in kinds.items()]


# What silence and drift look like is kept as a quarter of an hour of minutes; the functions are migration 0005's.
_SEE: Final = sa.text("""
    WITH hours AS (
      INSERT INTO source_activity (city, system, bucket, partition, events, newest)
      SELECT city, system, bucket, :partition, events, newest
      FROM unnest(:hour_city, :hour_system, :hour_bucket, :hour_events, :hour_newest)
        AS seen(city, system, bucket, events, newest)
      ON CONFLICT (city, system, bucket, partition) DO UPDATE
      SET events = source_activity.events + excluded.events,
          newest = greatest(source_activity.newest, excluded.newest)
    )
    INSERT INTO source_device AS known (city, system, device, partition, first_seen, newest_time, arrived_at,
      stored_at, events, clockless, gaps, drifts, sequence_seen, sequence_lost, sequence_restarts, drift_ms, missing)
    SELECT city, system, device, :partition, first_arrival, newest, last_arrival, :stored_at, events, clockless,
      CASE WHEN events > 1
        THEN ARRAY[greatest(0, extract(epoch FROM last_arrival - first_arrival) * 1000 / (events - 1))::bigint]
        ELSE '{}' END,
      CASE WHEN drift_ms IS NULL THEN '{}' ELSE ARRAY[drift_ms] END,
      sequence::int8multirange, 0, 0, CASE WHEN drift_ms > 0 THEN drift_ms END,
      sequence_missing(sequence::int8multirange)
    FROM unnest(:city, :system, :device, :events, :newest, :first_arrival, :last_arrival, :drift_ms, :clockless,
      :sequence) AS seen(city, system, device, events, newest, first_arrival, last_arrival, drift_ms, clockless,
      sequence)
    ON CONFLICT (city, system, device, partition) DO UPDATE
    SET newest_time = greatest(known.newest_time, excluded.newest_time),
        arrived_at = greatest(known.arrived_at, excluded.arrived_at),
        stored_at = greatest(known.stored_at, excluded.stored_at),
        events = known.events + excluded.events,
        clockless = excluded.clockless,
        (gaps, learned_ms) = (
          SELECT ring, CASE WHEN ring = known.gaps THEN known.learned_ms ELSE learned_interval_ms(ring) END
          FROM minute_ring(known.gaps, known.arrived_at, excluded.arrived_at, greatest(0, excluded.gaps[1],
            (extract(epoch FROM excluded.first_seen - known.arrived_at) * 1000)::bigint)) AS ring),
        (drifts, drift_ms) = (
          SELECT ring, CASE WHEN ring = known.drifts THEN known.drift_ms ELSE clock_drift_ms(ring) END
          FROM minute_ring(known.drifts, known.arrived_at, excluded.arrived_at, excluded.drifts[1]) AS ring),
        (sequence_seen, sequence_floor, sequence_lost, sequence_restarts, missing) = (
          SELECT added.seen, added.floor, added.lost, added.restarts, added.missing
          FROM sequence_add(known.sequence_seen, known.sequence_floor, known.sequence_lost, known.sequence_restarts,
            known.missing, excluded.sequence_seen, excluded.clockless) AS added)
""").bindparams(
    *_arrays(hour_city=sa.Text(), hour_system=sa.Text(), hour_bucket=_MOMENT),
    *_arrays(hour_events=sa.BigInteger(), hour_newest=_MOMENT),
    *_arrays(city=sa.Text(), system=sa.Text(), device=sa.Text(), events=sa.BigInteger(), newest=_MOMENT),
    *_arrays(first_arrival=_MOMENT, last_arrival=_MOMENT, drift_ms=sa.BigInteger()),
    *_arrays(clockless=sa.Boolean(), sequence=sa.Text()),
    sa.bindparam("stored_at", type_=_MOMENT),
    sa.bindparam("partition", type_=sa.SmallInteger()),
)

# Nobody else writes rows of this partition while step 1 of the transaction holds it, so UPDATE, else INSERT, is safe.
_CHANNELS: Final = sa.text("""
    WITH seen AS MATERIALIZED (
      SELECT * FROM unnest(:city, :system, :device, :channel, :newest, :hash, :since, :events, :whole)
        AS given(city, system, device, channel, newest, hash, since, events, whole)
    ), updated AS (
      UPDATE source_channel AS known
      SET newest_time = greatest(known.newest_time, seen.newest),
          value_hash = seen.hash,
          same_since = CASE WHEN seen.whole AND seen.hash = known.value_hash
            THEN least(known.same_since, seen.since) ELSE seen.since END,
          same_count = CASE WHEN seen.whole AND seen.hash = known.value_hash
            THEN known.same_count ELSE 0 END + seen.events
      FROM seen
      WHERE known.partition = :partition AND (known.city, known.system, known.device, known.channel)
          = (seen.city, seen.system, seen.device, seen.channel)
      RETURNING known.city, known.system, known.device, known.channel
    )
    INSERT INTO source_channel (city, system, device, channel, partition, newest_time, value_hash, same_since,
      same_count)
    SELECT city, system, device, channel, :partition, newest, hash, since, events FROM seen
    WHERE NOT EXISTS (SELECT FROM updated u
      WHERE (u.city, u.system, u.device, u.channel) = (seen.city, seen.system, seen.device, seen.channel))
""").bindparams(
    *_arrays(city=sa.Text(), system=sa.Text(), device=sa.Text(), channel=sa.Text(), newest=_MOMENT),
    *_arrays(hash=sa.BigInteger(), since=_MOMENT, events=sa.BigInteger(), whole=sa.Boolean()),
    sa.bindparam("partition", type_=sa.SmallInteger()),
)


async def see(connection: AsyncConnection, observed: Observed, partition: int, stored_at: datetime) -> None:
    """Record what a batch shows of its sources."""
    hours = [(*key, *value) for key, value in sorted(observed.hours.items())]
    names = ("hour_city", "hour_system", "hour_bucket", "hour_events", "hour_newest")
    for round_, devices in enumerate(_rounds(observed.devices)):
        values = {"partition": partition, "stored_at": stored_at}
        values |= _columns(names, hours if round_ == 0 else [])
        await connection.execute(_SEE, values | _columns(_DEVICE, devices))
    await _see_channels(connection, observed.devices, partition)


_DEVICE: Final = (
    *("city", "system", "device", "events", "newest", "first_arrival", "last_arrival", "drift_ms", "clockless"),
    "sequence",
)


def _columns(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    columns = map(list, zip(*rows, strict=True)) if rows else ([] for _ in names)
    return dict(zip(names, columns, strict=True))


def _rounds(devices: Sequence[Device]) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of all devices; then, for counters that started anew within the batch, each further count."""
    pending = sorted(devices)
    yield [_row(device, device.events, 0) for device in pending]
    number = 1
    while pending := [device for device in pending if len(device.sequences) > number]:
        yield [_row(device, 0, number) for device in pending]
        number += 1


def _row(device: Device, events: int, epoch: int) -> tuple[Any, ...]:
    seen = device.sequences[epoch] if device.sequences else []
    first = device.first_arrival if events else device.last_arrival
    return (
        *device.identity,
        *(events, device.newest, first, device.last_arrival, device.drift_ms, device.clockless),
        sequences.text(seen),
    )


async def _see_channels(connection: AsyncConnection, devices: Sequence[Device], partition: int) -> None:
    rows = sorted(
        (*device.identity, channel, run.newest, run.hash64, run.since, run.events, run.whole)
        for device in devices
        for channel, run in device.runs.items()
    )
    if rows:
        names = ("city", "system", "device", "channel", "newest", "hash", "since", "events", "whole")
        await connection.execute(_CHANNELS, {"partition": partition, **_columns(names, rows)})
