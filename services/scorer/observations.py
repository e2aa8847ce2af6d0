"""What a batch says of objects on the map: the newest value of every channel and ten minutes. Pure but for its SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from schemas.events.registry import STRUCTS
from schemas.events.telemetry import ReadingsReported
from schemas.observed import DEVICE, GRANULE, WHOLE, Observation, load_observed
from schemas.retention import OBSERVATIONS_KEPT
from services.scorer.types import Decoded
from services.scorer.writes import Bound, Write


class Seen(NamedTuple):
    """One value of one channel of an object."""

    kind: str
    object: str
    channel: str
    time: datetime
    value: float


Read = Callable[[Decoded], Iterable[Seen]]
_WRITE: Final = Write(
    "observation",
    {
        "city": sa.Text(),
        "kind": sa.Text(),
        "object": sa.Text(),
        "channel": sa.Text(),
        "bucket": sa.DateTime(timezone=True),
        "time": sa.DateTime(timezone=True),
        "value": sa.Float(),
        "events": sa.BigInteger(),
    },
    """
    INSERT INTO observation (city, kind, object, channel, bucket, partition, time, value, count)
    SELECT city, kind, object, channel, bucket, :partition, time, value, events
    FROM unnest(:observation_city, :observation_kind, :observation_object, :observation_channel, :observation_bucket,
      :observation_time, :observation_value, :observation_events)
      AS seen(city, kind, object, channel, bucket, time, value, events)
    ON CONFLICT (city, kind, object, channel, bucket, partition) DO UPDATE
    SET value = CASE WHEN excluded.time >= observation.time THEN excluded.value ELSE observation.value END,
        time = greatest(observation.time, excluded.time),
        count = observation.count + excluded.count
    """,
)


def observed(events: Iterable[Decoded], now: datetime) -> Bound:
    """The rows of a batch; what happened before anybody can ask for it is left out."""
    oldest = now - OBSERVATIONS_KEPT
    newest: dict[tuple[str, str, str, str, datetime], tuple[datetime, float, int]] = {}
    for decoded in events:
        read = READ.get(type(decoded.event))
        if read is None:
            continue
        for kind, thing, channel, time, value in read(decoded):
            if time < oldest:
                continue
            key = (decoded.identity.city, kind, thing, channel, bucket_of(time))
            known = newest.get(key)
            if known is None:
                newest[key] = (time, value, 1)
            else:
                newest[key] = (time, value, known[2] + 1) if time >= known[0] else (*known[:2], known[2] + 1)
    return _WRITE.of([(*key, *seen) for key, seen in sorted(newest.items())])


def bucket_of(time: datetime) -> datetime:
    """The begin of its ten minutes."""
    return time.replace(minute=time.minute // _MINUTES * _MINUTES, second=0, microsecond=0)


_MINUTES: Final = int(GRANULE.total_seconds()) // 60


def _of_event(stated: Observation) -> Read:
    thing = attrgetter(stated.object)
    channel = attrgetter(stated.channel_of) if stated.channel_of else None
    value = _value(stated)

    def read(decoded: Decoded) -> Iterator[Seen]:
        data = decoded.event.data
        named = (channel(data) or WHOLE) if channel else stated.channel
        yield Seen(stated.kind, thing(data) or WHOLE, str(named), decoded.event.time, value(data))

    return read


def _value(stated: Observation) -> Callable[[Any], float]:
    if not isinstance(stated.value, str):
        number = float(stated.value)
        return lambda _data: number
    top, below, scale = attrgetter(stated.value), stated.over and attrgetter(stated.over), stated.scale
    if below:
        return lambda data: float(top(data) * scale / below(data))
    return lambda data: float(top(data) * scale)


def _readings(decoded: Decoded) -> Iterator[Seen]:
    """What telemetry says; words have no place on a scale."""
    _city, system, sender = decoded.identity
    for reading in decoded.event.data.readings:
        value = reading.value if reading.flag is None else float(reading.flag)
        if value is not None:
            yield Seen(DEVICE, f"{system}/{reading.device or sender}", reading.channel, reading.time, value)


READ: Final[Mapping[type, Read]] = {
    **{STRUCTS[name]: _of_event(stated) for name, stated in load_observed().events.items()},
    STRUCTS[ReadingsReported.type_name]: _readings,
}
