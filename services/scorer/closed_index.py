"""The closed index: the CityScore over the last closed calendar period of every KPI, stored on change and daily."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.catalogue import Catalogue, Period
from schemas.snapshot import ClosedKpi, ClosedSnapshot, Freshness
from schemas.tables import cityscore_closed
from services.cityscore.rubric import Rubric
from services.scorer import closed, snapshots
from services.scorer.closed import GRACE, ClosedValue, Key
from services.scorer.periods import CalendarPeriod, last_closed
from services.scorer.snapshots import Measured
from services.scorer.types import City
from services.scorer.values import Evaluated

_LAST: Final = sa.text("""
    SELECT revision, snapshot FROM cityscore_closed WHERE city = :city ORDER BY revision DESC LIMIT 1
""").columns(snapshot=JSONB())


async def read(
    connection: AsyncConnection, catalogue: Catalogue, rubric: Rubric, city: City, closed_by: datetime
) -> dict[str, tuple[CalendarPeriod, ClosedValue | None]]:
    """Of every KPI the last period that was closed by a moment, with the newest revision of its value."""
    last = {kind: last_closed(kind, closed_by, city.timezone) for kind in Period}
    kinds = {kpi.code: kpi.period for initiative in catalogue.initiatives for kpi in initiative.kpis}
    keys = {code: Key(code, kinds[code], last[kinds[code]].window.end) for code in rubric.criteria}
    stored = await closed.newest(connection, city.code, keys.values())
    return {code: (last[key.kind], stored.get(key)) for code, key in keys.items()}


def build(
    catalogue: Catalogue,
    rubric: Rubric,
    city: City,
    values: Mapping[str, tuple[CalendarPeriod, ClosedValue | None]],
    revision: int,
    now: datetime,
) -> ClosedSnapshot:
    """Score closed values by today's catalogue. Pure."""
    bound = {kpi.code: kpi.measure.bound for initiative in catalogue.initiatives for kpi in initiative.kpis}
    measured = {code: _measured(period, value, bound[code]) for code, (period, value) in values.items()}
    live = snapshots.build(catalogue, rubric, city, measured, revision, now)
    kpis = {code: _closed_kpi(state.model_dump(), *values[code]) for code, state in live.kpis.items()}
    return ClosedSnapshot(**live.model_dump(exclude={"kpis"}), kpis=kpis)


async def update(
    connection: AsyncConnection, catalogue: Catalogue, rubric: Rubric, city: City, now: datetime
) -> ClosedSnapshot | None:
    """Store the closed index when its inputs changed, which is at least daily; what was stored, if anything."""
    values = await read(connection, catalogue, rubric, city, now - GRACE)
    last = (await connection.execute(_LAST, {"city": city.code})).one_or_none()
    if last and _inputs(last.snapshot) == _names(rubric, city, values):
        return None
    snapshot = build(catalogue, rubric, city, values, last.revision + 1 if last else 1, now)
    await connection.execute(insert(cityscore_closed).values(_row(snapshot)))
    return snapshot


def _inputs(snapshot: Mapping[str, Any]) -> Any:
    """What a stored index was made of. The day's own period is among it, so it changes every day."""
    periods = {code: (kpi["name"], kpi["period_revision"]) for code, kpi in snapshot["kpis"].items()}
    return snapshot["catalogue"]["hash"], snapshot["category"], snapshot["additional"], periods


def _names(rubric: Rubric, city: City, values: Mapping[str, tuple[CalendarPeriod, ClosedValue | None]]) -> Any:
    periods = {code: (period.name, value.revision if value else None) for code, (period, value) in values.items()}
    return rubric.catalogue, rubric.category.value, city.additional, periods


def _measured(period: CalendarPeriod, value: ClosedValue | None, bound: bool) -> Measured:
    if value is None:
        silent: Freshness = "missing" if bound else "unbound"
        return Measured(period.window, None, None, Evaluated(None, silent))
    result = value.result
    return Measured(period.window, result.sums, value.newest, Evaluated(result.value, result.freshness), value.coverage)


def _closed_kpi(state: Mapping[str, Any], period: CalendarPeriod, value: ClosedValue | None) -> ClosedKpi:
    return ClosedKpi(
        **state,
        name=period.name,
        period_revision=value.revision if value else None,
        window_coverage=value.coverage if value else None,
    )


def _row(snapshot: ClosedSnapshot) -> dict[str, Any]:
    body = snapshot.model_dump(mode="json")
    figures = {name: body[name] for name in ("index", "lower", "upper", "coverage", "total", "rating")}
    return {
        "city": snapshot.city,
        "revision": snapshot.revision,
        "computed_at": snapshot.computed_at,
        "catalogue_hash": snapshot.catalogue.hash,
        **figures,
        "snapshot": body,
    }
