"""What stands, by the views of docs/grafana.md: a value per rule and subject, with the facts for the message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.rules import BandRule, KpiRule, LedgerRule, OverdueRule, Rule, SilentRule

EVERYWHERE: Final = ""
"""City of what concerns the installation."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`value` is what the rule's limits are about."""

    city: str
    subject: str
    value: float
    facts: Mapping[str, Any]
    zone: str


_ASKED: Final[Mapping[type[Rule], str]] = {
    KpiRule: """
        SELECT k.city, k.kpi AS subject, k.attainment AS value, c.timezone,
          jsonb_build_object('city', c.name, 'name', k.name, 'kpi', k.kpi, 'value', k.value, 'unit', k.unit,
            'target', coalesce(k.target, k.target_low), 'attainment', k.attainment) AS facts
        FROM v_kpi_live AS k JOIN v_city AS c ON c.city = k.city
        WHERE k.attainment IS NOT NULL AND k.max_points > 0 AND (:every OR k.kpi = ANY(:named))
    """,
    BandRule: """
        SELECT s.city, 'index' AS subject, s.total AS value, c.timezone,
          jsonb_build_object('city', c.name, 'value', s.total, 'rating', s.rating) AS facts
        FROM v_cityscore_live AS s JOIN v_city AS c ON c.city = s.city WHERE s.total IS NOT NULL
    """,
    SilentRule: """
        SELECT s.city, s.system AS subject, count(*) FILTER (WHERE s.state = 'silent') / count(*)::float AS value,
          c.timezone, jsonb_build_object('city', c.name, 'system', s.system, 'all', count(*),
            'silent', count(*) FILTER (WHERE s.state = 'silent')) AS facts
        FROM v_sources AS s JOIN v_city AS c ON c.city = s.city
        WHERE :every OR s.system = ANY(:named) GROUP BY s.city, s.system, c.name, c.timezone
    """,
    OverdueRule: """
        SELECT c.city, 'deliveries' AS subject, count(o.name)::float AS value, c.timezone,
          jsonb_build_object('city', c.name, 'count', count(o.name), 'oldest', min(o.name)) AS facts
        FROM v_city AS c LEFT JOIN v_export_overdue AS o ON o.city = c.city GROUP BY c.city, c.name, c.timezone
    """,
    LedgerRule: """
        SELECT '' AS city, topic || '/' || partition AS subject, sum(abs(difference))::float AS value,
          'UTC' AS timezone, jsonb_build_object('partition', topic || '/' || partition,
            'count', sum(abs(difference))) AS facts
        FROM v_ledger GROUP BY topic, partition
    """,
}


async def find(connection: AsyncConnection, rule: Rule) -> list[Finding]:
    """Every subject of the rule. What has no value now is not among them, and its state stays as it is."""
    named = rule.kpis if isinstance(rule, KpiRule) else rule.systems if isinstance(rule, SilentRule) else ()
    query = sa.text(_ASKED[type(rule)])
    asked = {"every": not named, "named": list(named)} if ":every" in query.text else {}
    rows = await connection.execute(query, asked)
    found = [Finding(row.city, row.subject, row.value, row.facts, row.timezone) for row in rows]
    return [one for one in found if one.city in (EVERYWHERE, *rule.cities) or not rule.cities]
