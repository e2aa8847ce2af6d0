"""A dashboard: rows of panels under variables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from deploy.grafana.panels import POSTGRES, PROMETHEUS, Panel
from services.runtime.messages import LANGUAGES, Language, text

SCHEMA_VERSION: Final = 39
_NAMES: Final = {"kk": "қазақша", "ru": "русский", "en": "English"}

CITY: Final = "SELECT city AS __value, name ->> ${lang:sqlstring} AS __text FROM v_city ORDER BY 2"
SECTION: Final = (
    "SELECT section AS __value, name ->> ${lang:sqlstring} AS __text FROM v_section ORDER BY weight DESC, 2"
)
KPI: Final = """
    SELECT kpi AS __value, kpi || ' ' || (name ->> ${lang:sqlstring}) AS __text FROM v_kpi_live
    WHERE city = ${city:sqlstring} AND section IN (${section:sqlstring}) ORDER BY place
"""
QUERIES: Final = {"city": CITY, "section": SECTION, "kpi": KPI}


@dataclass(frozen=True, slots=True)
class Board:
    """`rows` are laid out from the left; a row is as high as its panels."""

    key: str
    rows: tuple[tuple[Panel, ...], ...]
    variables: tuple[str, ...] = ("city",)
    """Of `QUERIES`, beside the language."""
    since: str = "now-24h"

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All of them."""
        return tuple(panel for row in self.rows for panel in row)

    def json(self, lang: Language) -> dict[str, Any]:
        """What Grafana reads, its words in this language."""
        return {
            "uid": f"ahual-{self.key}-{lang}",
            "title": text(f"grafana.{self.key}", lang),
            "description": text("grafana.estimate", lang),
            "tags": ["ahual", f"ahual-{lang}"],
            "schemaVersion": SCHEMA_VERSION,
            "version": 1,
            "editable": False,
            "graphTooltip": 1,
            "timezone": "browser",
            "weekStart": "monday",
            "refresh": "30s",
            "time": {"from": self.since, "to": "now"},
            "links": [_others(lang)],
            "templating": {"list": list(self._variables(lang))},
            "annotations": {"list": []},
            "panels": list(self._placed(lang)),
        }

    def _placed(self, lang: Language) -> Iterator[dict[str, Any]]:
        number, y = 1, 0
        for row in self.rows:
            x = 0
            for panel in row:
                yield panel.json(number, x, y, lang)
                number, x = number + 1, x + panel.width
            y += max(panel.height for panel in row)

    def _variables(self, lang: Language) -> Iterator[dict[str, Any]]:
        for name, source in (("postgres", POSTGRES), ("prometheus", PROMETHEUS)):
            yield {
                "name": name,
                "type": "datasource",
                "label": text(f"grafana.var_{name}", lang),
                "query": source["type"],
                "current": {"text": f"ahual-{name}", "value": f"ahual-{name}"},
                "hide": 2,
                "refresh": 1,
            }
        yield _language(lang)
        for name in self.variables:
            yield _query(name, lang)


def _language(lang: Language) -> dict[str, Any]:
    options = [{"text": _NAMES[one], "value": one, "selected": one == lang} for one in LANGUAGES]
    return {
        "name": "lang",
        "type": "custom",
        "label": text("grafana.var_lang", lang),
        "query": ", ".join(f"{_NAMES[one]} : {one}" for one in LANGUAGES),
        "options": options,
        "current": {"text": _NAMES[lang], "value": lang},
    }


def _query(name: str, lang: Language) -> dict[str, Any]:
    several = name == "section"
    return {
        "name": name,
        "type": "query",
        "label": text(f"grafana.var_{name}", lang),
        "datasource": POSTGRES,
        "query": " ".join(QUERIES[name].split()),
        "refresh": 1,
        "sort": 0,
        "multi": several,
        "includeAll": several,
        **({"current": {"text": ["All"], "value": ["$__all"]}} if several else {}),
    }


def _others(lang: Language) -> dict[str, Any]:
    return {
        "title": text("grafana.others", lang),
        "type": "dashboards",
        "tags": [f"ahual-{lang}"],
        "asDropdown": True,
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
        "icon": "external link",
        "tooltip": "",
    }
