"""How every source does, judged when read: the limits meet what migration 0005's view `v_source` tells."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.sources import Limits, SourceLimits, SourceState

_FLOATS: Final = ARRAY(sa.Float())

# `limits` has a row per named system and one without name for all others.
_JUDGED: Final = f"""
    WITH limits AS (
      SELECT * FROM unnest(:named, {", ".join(f":{name}" for name in Limits.model_fields)})
        AS l(named, {", ".join(Limits.model_fields)})
    ), judged AS (
      SELECT s.*, silence.interval_s, silence.interval_from, silence.silent_from,
        CASE
          WHEN s.stored_at IS NULL OR silence.silent_from < :now THEN 'silent'
          WHEN s.same_count >= l.frozen_at_least
            AND s.channel_newest_time - s.same_since >= make_interval(secs => l.frozen_after_s) THEN 'frozen'
          WHEN s.drift_s > l.ahead_s OR s.drift_s < -l.behind_s THEN 'drifting'
          ELSE 'live'
        END AS state
      FROM v_source AS s
      JOIN limits AS l ON l.named = CASE WHEN s.system = ANY(:named) THEN s.system ELSE '' END
      CROSS JOIN LATERAL (
        SELECT coalesce(s.declared_interval_s, s.learned_interval_s, l.assumed_interval_s) AS interval_s,
          CASE WHEN s.declared_interval_s IS NOT NULL THEN 'declared'
            WHEN s.learned_interval_s IS NOT NULL THEN 'learned' ELSE 'assumed' END AS interval_from
      ) AS expected
      CROSS JOIN LATERAL (
        SELECT expected.*, s.stored_at + make_interval(secs =>
          greatest(l.silent_at_least_s, l.silent_after_intervals * expected.interval_s)) AS silent_from
      ) AS silence
    )
"""  # noqa: S608  # our own names

_BINDS: Final[tuple[sa.BindParameter[Any], ...]] = (
    sa.bindparam("named", type_=ARRAY(sa.Text())),
    *(sa.bindparam(name, type_=_FLOATS) for name in Limits.model_fields),
    sa.bindparam("now", type_=sa.DateTime(timezone=True)),
)

_PAGE: Final = sa.text(f"""
    {_JUDGED}
    SELECT * FROM judged
    WHERE city = :city AND (system, device) > (:after_system, :after_device)
      AND (:every_system OR system = :system) AND (:every_state OR state = ANY(:states))
    ORDER BY system, device LIMIT :limit
""").bindparams(*_BINDS, sa.bindparam("states", type_=ARRAY(sa.Text())))  # noqa: S608

_COUNTS: Final = sa.text(f"""
    {_JUDGED}
    SELECT city, system, state, count(*) AS sources, sum(missing)::bigint AS missing
    FROM judged GROUP BY city, system, state ORDER BY city, system, state
""").bindparams(*_BINDS)  # noqa: S608


def _judge(limits: SourceLimits, now: datetime) -> dict[str, Any]:
    names = ["", *limits.systems]
    each = [limits.defaults, *limits.systems.values()]
    columns = {name: [float(getattr(one, name)) for one in each] for name in Limits.model_fields}
    return {"named": names, "now": now, **columns}


async def page(
    connection: AsyncConnection,
    limits: SourceLimits,
    city: str,
    now: datetime,
    *,
    system: str | None,
    states: Sequence[SourceState],
    after: tuple[str, str],
    limit: int,
) -> list[Any]:
    """A city's sources after (system, device), in that order; no states: all of them."""
    rows = await connection.execute(
        _PAGE,
        {
            **_judge(limits, now),
            "city": city,
            "system": system or "",
            "every_system": system is None,
            "states": list(states),
            "every_state": not states,
            "after_system": after[0],
            "after_device": after[1],
            "limit": limit,
        },
    )
    return list(rows.mappings())


async def counts(connection: AsyncConnection, limits: SourceLimits, now: datetime) -> list[Any]:
    """Sources and missing sequence numbers per city, system and state."""
    return list((await connection.execute(_COUNTS, _judge(limits, now))).mappings())
