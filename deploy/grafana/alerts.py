"""Alert rules that Grafana evaluates over the views: what stands in the database, whether Prometheus runs or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from services.runtime.messages import LANGUAGES, text


@dataclass(frozen=True, slots=True)
class Alert:
    """Fires while a series of the query is above the limit for so long."""

    key: str
    sql: str
    above: float
    pending: str
    severity: str
    runbook: str


_RANGE: Final = {"from": 600, "to": 0}
ALERTS: Final = (
    Alert(
        "difference",
        "SELECT now() AS time, sum(abs(difference))::float AS value FROM v_ledger",
        *(0, "0s", "critical", "AhualOffsetsDoNotAddUp"),
    ),
    Alert(
        "score",
        """
        SELECT now() AS time, city AS metric, extract(epoch FROM now() - computed_at)::float AS value
        FROM v_cityscore_live
        """,
        *(600, "1m", "critical", "AhualScoreStands"),
    ),
    Alert(
        "silent",
        """
        SELECT now() AS time, city || '/' || system AS metric,
          count(*) FILTER (WHERE state = 'silent') / count(*)::float AS value
        FROM v_sources GROUP BY city, system
        """,
        *(0.2, "10m", "warning", "AhualSourcesSilent"),
    ),
    Alert(
        "overdue",
        """
        SELECT now() AS time, c.city AS metric, count(o.name)::float AS value
        FROM v_city AS c LEFT JOIN v_export_overdue AS o ON o.city = c.city GROUP BY c.city
        """,
        *(0, "5m", "warning", "AhualExportOverdue"),
    ),
)


def provisioned() -> dict[str, Any]:
    """The content of Grafana's alerting file."""
    group = {"orgId": 1, "name": "ahual", "folder": "Ahual", "interval": "1m", "rules": [_rule(one) for one in ALERTS]}
    return {"apiVersion": 1, "groups": [group]}


def _rule(alert: Alert) -> dict[str, Any]:
    words = {lang: text(f"grafana.alert_{alert.key}", lang) for lang in LANGUAGES}
    query = {
        "refId": "A",
        "editorMode": "code",
        "format": "time_series",
        "rawQuery": True,
        "rawSql": " ".join(alert.sql.split()),
    }
    reduced = {"refId": "B", "type": "reduce", "expression": "A", "reducer": "last"}
    limit = {"evaluator": {"type": "gt", "params": [alert.above]}}
    threshold = {"refId": "C", "type": "threshold", "expression": "B", "conditions": [limit]}
    return {
        "uid": f"ahual-{alert.key}",
        "title": words["en"],
        "condition": "C",
        "data": [
            {
                "refId": "A",
                "datasourceUid": "ahual-postgres",
                "relativeTimeRange": _RANGE,
                "model": query,
            },
            {"refId": "B", "datasourceUid": "__expr__", "model": reduced},
            {"refId": "C", "datasourceUid": "__expr__", "model": threshold},
        ],
        "for": alert.pending,
        "noDataState": "NoData",
        "execErrState": "Error",
        "labels": {"severity": alert.severity},
        "annotations": {
            **{f"summary_{lang}": said for lang, said in words.items()},
            "runbook": f"docs/runbooks/{alert.runbook}.md",
        },
    }
