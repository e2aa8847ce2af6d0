"""One panel as few words, and the JSON that Grafana reads (schema version 39, Grafana 11).

Everything a user reads is a key of `schemas/messages/grafana.yaml`. The sources are variables, so that a dashboard
can be pointed at another database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from services.runtime.messages import Language, text

Kind = Literal["stat", "gauge", "bargauge", "piechart", "table", "timeseries"]
POSTGRES: Final = {"type": "grafana-postgresql-datasource", "uid": "${postgres}"}
PROMETHEUS: Final = {"type": "prometheus", "uid": "${prometheus}"}
_REDUCE: Final = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_LEGEND: Final = {"displayMode": "list", "placement": "bottom", "showLegend": True}


@dataclass(frozen=True, slots=True)
class Panel:
    """Width and height are in Grafana's grid, 24 wide. Queries are SQL or, as (expression, legend), PromQL."""

    key: str
    kind: Kind
    width: int
    height: int = 8
    sql: str = ""
    promql: tuple[tuple[str, str], ...] = ()
    unit: str = "short"
    columns: Mapping[str, str] = field(default_factory=dict)
    """Column of the result → key of its heading."""
    units: Mapping[str, str] = field(default_factory=dict)
    """Column of the result → its unit, where that is not the panel's."""
    limits: tuple[float, float] | None = None
    """Least and most of the scale."""
    bad_from: float | None = None
    """Red from this value on."""
    good_from: float | None = None
    """Red below, green from this value on."""
    states: bool = False
    """Whether values are states to be told in words."""

    def json(self, number: int, x: int, y: int, lang: Language) -> dict[str, Any]:
        """The panel in its place."""
        source = PROMETHEUS if self.promql else POSTGRES
        return {
            "id": number,
            "type": self.kind,
            "title": text(f"grafana.{self.key}", lang),
            "datasource": source,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "targets": [self._sql()] if self.sql else list(self._promql()),
            "fieldConfig": {"defaults": self._defaults(lang), "overrides": list(self._overrides(lang))},
            "options": self._options(),
        }

    def _sql(self) -> dict[str, Any]:
        return {
            "refId": "A",
            "datasource": POSTGRES,
            "editorMode": "code",
            "format": "time_series" if self.kind == "timeseries" else "table",
            "rawQuery": True,
            "rawSql": " ".join(self.sql.split()),
        }

    def _promql(self) -> Any:
        for place, (expression, legend) in enumerate(self.promql):
            instant = self.kind != "timeseries"
            yield {
                "refId": chr(ord("A") + place),
                "datasource": PROMETHEUS,
                "editorMode": "code",
                "expr": " ".join(expression.split()),
                "legendFormat": legend,
                "instant": instant,
                "range": not instant,
            }

    def _defaults(self, lang: Language) -> dict[str, Any]:
        made: dict[str, Any] = {"unit": self.unit, "thresholds": self._thresholds()}
        if self.limits:
            made["min"], made["max"] = self.limits
        if self.states:
            made["mappings"] = [{"type": "value", "options": _states(lang)}]
        return made

    def _thresholds(self) -> dict[str, Any]:
        steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
        if self.bad_from is not None:
            steps.append({"color": "red", "value": self.bad_from})
        if self.good_from is not None:
            steps = [{"color": "red", "value": None}, {"color": "green", "value": self.good_from}]
        return {"mode": "absolute", "steps": steps}

    def _overrides(self, lang: Language) -> Any:
        for column in dict.fromkeys((*self.columns, *self.units)):
            properties = []
            if column in self.columns:
                properties.append({"id": "displayName", "value": text(f"grafana.{self.columns[column]}", lang)})
            if column in self.units:
                properties.append({"id": "unit", "value": self.units[column]})
            yield {"matcher": {"id": "byName", "options": column}, "properties": properties}

    def _options(self) -> dict[str, Any]:
        match self.kind:
            case "stat":
                return {"reduceOptions": {**_REDUCE, "fields": "/.*/"}, "colorMode": "value", "graphMode": "none"}
            case "gauge":
                return {"reduceOptions": _REDUCE, "showThresholdMarkers": True}
            case "bargauge":
                shown = {**_REDUCE, "values": True}
                return {"reduceOptions": shown, "orientation": "horizontal", "displayMode": "basic"}
            case "piechart":
                return {"reduceOptions": {**_REDUCE, "values": True}, "pieType": "donut", "legend": _LEGEND}
            case "table":
                return {"showHeader": True, "cellHeight": "sm"}
            case "timeseries":
                return {"legend": _LEGEND, "tooltip": {"mode": "multi", "sort": "desc"}}


def _states(lang: Language) -> dict[str, Any]:
    names = {state: f"api.page_{state}" for state in ("fresh", "stale", "missing", "not_applicable", "unbound")}
    names |= {state: f"api.page_source_{state}" for state in ("live", "silent", "frozen", "drifting")}
    return {state: {"index": place, "text": text(key, lang)} for place, (state, key) in enumerate(names.items())}
