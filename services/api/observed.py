"""Reading the map's tables: places, what observes them, and the newest values as of an instant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.observed import DEVICE

ARRAYS: Final = ("kinds", "objects", "channels")


class Channel(NamedTuple):
    """Where a value is kept; `quantity` is None for what events say."""

    kind: str
    object: str
    channel: str
    quantity: str | None = None


class Place(NamedTuple):
    """One object of the map, and the channels that its value is read from."""

    id: str
    name: str | dict[str, str]
    district: str | None
    geometry: dict[str, Any]
    critical: bool
    properties: dict[str, Any]
    channels: tuple[Channel, ...]


class Value(NamedTuple):
    """The newest value of a channel, or how many there were."""

    channel: Channel
    time: datetime
    value: float


# A null channel is one that the registry leaves out on purpose.
_CHANNELS: Final = """
    SELECT coalesce(stated.value->>'channel', stated.key) AS channel, stated.value->>'quantity' AS quantity
    FROM jsonb_each(d.channels) AS stated WHERE jsonb_typeof(stated.value) = 'object'
"""
_THERE: Final = "(d.installed_on IS NULL OR d.installed_on <= :day) AND (d.removed_on IS NULL OR d.removed_on > :day)"
_DEVICES: Final = sa.text(f"""
    SELECT d.system || '/' || d.device AS id, coalesce(nullif(d.label, ''), d.device) AS name, d.district,
      jsonb_build_object('type', 'Point', 'coordinates', jsonb_build_array(d.longitude, d.latitude)) AS geometry,
      false AS critical, '{{}}'::jsonb AS properties, d.attached_kind, d.attached_to,
      array_agg(ARRAY['{DEVICE}', d.system || '/' || d.device, c.channel, c.quantity] ORDER BY c.channel) AS channels
    FROM registered_device AS d, LATERAL ({_CHANNELS}) AS c
    WHERE d.city = :city AND d.system = ANY(:names) AND c.quantity = ANY(:quantities) AND d.latitude IS NOT NULL
      AND {_THERE}
    GROUP BY d.city, d.system, d.device
    ORDER BY d.system, d.device
""")  # noqa: S608  # constants of ours
_THINGS: Final = sa.text(f"""
    WITH thing AS (
      SELECT kind, object, name, district, geometry, critical, properties FROM city_feature
      WHERE city = :city AND kind = ANY(:names)
      UNION ALL
      SELECT kind, object, to_jsonb(coalesce(nullif(label, ''), object)), district,
        jsonb_build_object('type', 'Point', 'coordinates', jsonb_build_array(longitude, latitude)),
        kind IN ('critical_object', 'vulnerable_site'), '{{}}'
      FROM registered_object AS o
      WHERE city = :city AND kind = ANY(:names) AND latitude IS NOT NULL
        AND (since IS NULL OR since <= :day) AND (until IS NULL OR until > :day)
        AND NOT EXISTS (SELECT FROM city_feature AS f WHERE (f.city, f.kind, f.object) = (o.city, o.kind, o.object))
    )
    SELECT t.kind || '/' || t.object AS id, t.name, t.district, t.geometry, t.critical, t.properties,
      t.kind AS attached_kind, t.object AS attached_to, measured.channels
    FROM thing AS t LEFT JOIN LATERAL (
      SELECT array_agg(ARRAY['{DEVICE}', d.system || '/' || d.device, c.channel, c.quantity] ORDER BY c.channel)
        AS channels
      FROM registered_device AS d, LATERAL ({_CHANNELS}) AS c
      WHERE d.city = :city AND d.attached_kind = t.kind AND d.attached_to = t.object
        AND (:every OR c.quantity = ANY(:quantities)) AND {_THERE}
    ) AS measured ON true
    ORDER BY t.kind, t.object
""")  # noqa: S608
_FROM: Final = """
    FROM unnest(CAST(:kinds AS text[]), CAST(:objects AS text[]), CAST(:channels AS text[])) WITH ORDINALITY
      AS asked(kind, object, channel, number)
    CROSS JOIN LATERAL (SELECT {shown} FROM observation AS o
      WHERE o.city = :city AND o.kind = asked.kind AND o.object = asked.object AND o.channel = asked.channel
        AND o.bucket > :since AND o.bucket <= :until {end}) AS found
"""
_NEWEST: Final = sa.text(
    "SELECT number, time, value"
    + _FROM.format(shown="o.time, o.value", end="ORDER BY o.bucket DESC, o.time DESC LIMIT 1")
)
_COUNT: Final = sa.text(
    "SELECT number, time, value"
    + _FROM.format(shown="max(o.time) AS time, sum(o.count)::float8 AS value", end="HAVING count(*) > 0")
)
_PAST: Final = sa.text(
    "SELECT number, time, value" + _FROM.format(shown="o.time, o.value, o.bucket", end="") + "ORDER BY number, time"
)


class Span(NamedTuple):
    """Of buckets: begin excluded, end included."""

    since: datetime
    until: datetime

    def back(self, hours: float) -> Span:
        """So far back from the end."""
        return Span(self.until - timedelta(hours=hours), self.until)


async def devices(
    connection: AsyncConnection, city: str, systems: Sequence[str], quantities: Sequence[str], at: datetime
) -> list[Place]:
    """Registered devices of these systems that measure one of these quantities and have a place."""
    given = {"city": city, "names": list(systems), "quantities": list(quantities), "day": at.date()}
    return [_place(row) for row in (await connection.execute(_DEVICES, given)).mappings()]


async def things(
    connection: AsyncConnection, city: str, kinds: Sequence[str], quantities: Sequence[str] | None, at: datetime
) -> list[Place]:
    """The city's things of these kinds; with the channels of attached devices for these quantities, None: for all."""
    given = {"city": city, "names": list(kinds), "quantities": list(quantities or ()), "day": at.date()}
    rows = await connection.execute(_THINGS, {**given, "every": quantities is None})
    return [_place(row) for row in rows.mappings()]


def _place(row: Any) -> Place:
    attached = {"attached_kind": row["attached_kind"], "attached_to": row["attached_to"]}
    own = attached if row["id"] != f"{row['attached_kind']}/{row['attached_to']}" and row["attached_kind"] else {}
    channels = tuple(Channel(*stated) for stated in row["channels"] or ())
    return Place(
        row["id"],
        row["name"],
        row["district"],
        row["geometry"],
        row["critical"],
        {**row["properties"], **own},
        channels,
    )


def own_channel(place: Place, channel: str) -> Channel:
    """What events say of a thing."""
    kind, _, thing = place.id.partition("/")
    return Channel(kind, thing, channel)


async def newest(
    connection: AsyncConnection, city: str, channels: Iterable[Channel], span: Span
) -> dict[Channel, Value]:
    """The newest value of each of these channels within the span; who said nothing is left out."""
    return await _values(connection, _NEWEST, city, list(channels), span)


async def counts(
    connection: AsyncConnection, city: str, channels: Iterable[Channel], span: Span
) -> dict[Channel, Value]:
    """How many values each of these channels had within the span."""
    return await _values(connection, _COUNT, city, list(channels), span)


async def past(connection: AsyncConnection, city: str, channels: Sequence[Channel], span: Span) -> list[Value]:
    """The newest value of every ten minutes within the span, per channel, oldest first."""
    rows = await connection.execute(_PAST, _given(city, channels, span))
    return [Value(channels[row.number - 1], row.time, row.value) for row in rows]


async def _values(
    connection: AsyncConnection, query: sa.TextClause, city: str, channels: list[Channel], span: Span
) -> dict[Channel, Value]:
    if not channels:
        return {}
    rows = await connection.execute(query, _given(city, channels, span))
    return {channels[row.number - 1]: Value(channels[row.number - 1], row.time, row.value) for row in rows}


def _given(city: str, channels: Sequence[Channel], span: Span) -> dict[str, Any]:
    columns = (list(column) for column in zip(*(channel[:3] for channel in channels), strict=True))
    return {"city": city, **span._asdict(), **dict(zip(ARRAYS, columns, strict=True))}
