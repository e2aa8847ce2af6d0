"""What is generated on a system's page: its names, an attempt against the demo, the KPIs it feeds, its event types."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final

from schemas.catalogue import Initiative, Kpi
from schemas.events.envelope import Data
from schemas.events.reference import TotalReported
from schemas.events.registry import EVENT_TYPES
from schemas.events.survey import SurveyAnswered
from schemas.events.telemetry import ReadingsReported
from schemas.personal import personal_fields
from services.cityscore.catalogue import load_catalogue
from tests.docs.reference import DOCS, table

EXAMPLES: Final = DOCS.parent / "schemas" / "examples"
DEMO_CITY: Final = "karaganda"
DEPARTMENTS: Final[Mapping[str, tuple[str, str, str]]] = {
    "education": ("Білім беру", "Образование", "Education"),
    "emergency": ("Шұғыл қызметтердің диспетчерлігі", "Диспетчерская экстренных служб", "Emergency dispatch"),
    "energy": ("Энергия тұтыну", "Потребление энергии", "Energy consumption"),
    "environment": ("Қоршаған ортаны бақылау", "Экологический мониторинг", "Environmental monitoring"),
    "housing": ("Тұрғын үй-коммуналдық шаруашылық", "Жилищно-коммунальное хозяйство", "Housing and utilities"),
    "public-safety": ("Қоғамдық қауіпсіздік", "Общественная безопасность", "Public safety"),
}
"""Who feeds the situational centre's own KPIs without a system of annex 2: names in kk, ru, en."""


@cache
def _initiatives() -> tuple[Initiative, ...]:
    return tuple(load_catalogue().initiatives)


def systems() -> dict[str, tuple[str, str, str]]:
    """Every system that reports, with its names in kk, ru, en: those of annex 2 in its order, then the departments."""
    of_order = {i.system: (i.name.kk, i.name.ru, i.name.en) for i in _initiatives()}
    senders = {model.system for model in EVENT_TYPES.values() if model.system} - of_order.keys()
    return of_order | {system: DEPARTMENTS[system] for system in sorted(senders)}


def names(system: str) -> str:
    """Its names in the other languages, and its name in topics."""
    kk, ru, _ = systems()[system]
    return f"{ru} · {kk} · `{system}` in topics and sources."


def fed_by(system: str) -> list[Kpi]:
    """The KPIs to which its events add, and those that wait for it."""
    return [kpi for kpi in _kpis() if system in kpi.measure.sources or system in _senders(kpi)]


def kpis(system: str) -> str:
    """What it feeds."""
    rows = (
        (kpi.code, kpi.name.en, kpi.name.ru, kpi.name.kk, kpi.period.value, ", ".join(_inputs(kpi, system)) or "–")
        for kpi in fed_by(system)
    )
    return "## KPIs it feeds\n\n" + table(("KPI", "en", "ru", "kk", "period", "from"), rows)


def types(system: str) -> str:
    """Its own event types, field by field."""
    own = [model for model in EVENT_TYPES.values() if model.system == system]
    if not own:
        return ""
    return "## Event types\n\n" + "\n\n".join(_type(model) for model in own)


def attempt(system: str) -> str:
    """An event of the first type, now, to the demo; the account is made for it."""
    own = [model for model in EVENT_TYPES.values() if model.system == system]
    if not own:
        return ""
    name = own[0].type_name.split(".")[-2]
    event = json.loads((EXAMPLES / system / "valid" / f"{name}.json").read_text("utf-8"))
    return f"## Try it\n\nWhile `make demo` runs:\n\n```sh\n{_shell(system, event)}\n```"


def _shell(system: str, event: dict[str, Any]) -> str:
    device = f"{DEMO_CITY}/{system}/visitor"
    data = json.dumps(_relative(event["data"], datetime.fromisoformat(event["time"])), ensure_ascii=False)
    return "\n".join(
        (
            ". .stack/demo.env",
            f"DEVICE={device} NOW=$(date +%s)",
            'PASSWORD=$(.venv/bin/ahual device add $DEVICE --json | sed \'s/.*"password": *"\\([^"]*\\)".*/\\1/\')',
            "mosquitto_pub -p $AHUAL_DEMO_MQTT_PORT -u $DEVICE -P $PASSWORD -q 1 -t ahual/v1/$DEVICE/events -m '{",
            f'  "specversion": "1.0", "type": "{event["type"]}",',
            '  "id": "\'$(date +%s%N)\'", "source": "/\'$DEVICE\'", "time": "\'$(date -u -d @$NOW +%FT%TZ)\'",',
            f'  "data": {data}}}\'',
        )
    )


def _relative(data: dict[str, Any], time: datetime) -> dict[str, Any]:
    """Timestamps as far from now as they are from the example's `time`; of one now, or a second's turn parts them."""
    return {name: _moment(value, time) if _is_moment(value) else value for name, value in data.items()}


def _is_moment(value: Any) -> bool:
    return isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value) is not None


def _moment(value: str, time: datetime) -> str:
    seconds = round((datetime.fromisoformat(value) - time).total_seconds())
    return f"'$(date -u -d @$((NOW{seconds:+d})) +%FT%TZ)'" if seconds else "'$(date -u -d @$NOW +%FT%TZ)'"


def _kpis() -> Iterator[Kpi]:
    return (kpi for initiative in _initiatives() for kpi in initiative.kpis)


def _terms(kpi: Kpi) -> Iterator[Any]:
    for _, part in kpi.measure.parts():
        yield from (*part.numerator, *part.denominator, *part.base)


def _senders(kpi: Kpi) -> set[str]:
    models = (EVENT_TYPES.get(term.event) for term in _terms(kpi))
    return {model.system for model in models if model is not None and model.system}


def _inputs(kpi: Kpi, system: str) -> list[str]:
    """What of this system a KPI reads: its own types, totals by name, surveys by subject."""
    found: dict[str, None] = {}
    for term in _terms(kpi):
        model = EVENT_TYPES.get(term.event)
        if model is None:
            found["every event"] = None
        elif model.system == system:
            found[f"`{model.type_name.split('.')[-2]}`"] = None
        elif model is TotalReported:
            found[f"[total](../events.md#totals-on-a-date) `{_equals(term, 'name')}`"] = None
        elif model is SurveyAnswered:
            found[f"[survey](../events.md#totals-on-a-date) `{_equals(term, 'survey')}`"] = None
        elif model is ReadingsReported:
            found[f"[readings](../telemetry.md#which-readings-feed-a-kpi) `{_equals(term, 'quantity')}`"] = None
        else:
            found[f"`{model.type_name.split('.')[-2]}` of [{model.system}]({model.system}.md)"] = None
    return list(found)


def _equals(term: Any, field: str) -> str:
    return str(next(condition.equals for condition in term.where if condition.field == field))


def _type(model: type[Data]) -> str:
    title = model.title
    head = f"### `{model.type_name}`\n\n{title['en']} · {title['ru']} · {title['kk']}. Class: {model.event_class}."
    return f"{head}\n\n{_described(model)}\n\n{table(('field', 'value', 'what it is'), _fields(model))}"


def _described(model: type[Data]) -> str:
    return re.sub(r"\s+", " ", (model.__doc__ or "").strip())


def _fields(model: type[Data]) -> Iterator[tuple[str, str, str]]:
    schema = model.model_json_schema()
    personal = personal_fields(model)
    for name, field in schema["properties"].items():
        value = f"{personal[name]}, hashed by the gateway" if name in personal else _value(field)
        optional = "" if name in schema.get("required", ()) else "; optional"
        yield f"`{name}`", value + optional, re.sub(r"\s+", " ", field.get("description", ""))


def _value(field: dict[str, Any]) -> str:
    """What a field of a JSON schema may be, in words."""
    if "anyOf" in field:
        return " or ".join(_value(part) for part in field["anyOf"] if part.get("type") != "null")
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{json.dumps(field['const'])}`"
    if field.get("format") == "date-time":
        return "timestamp"
    return _plain(field)


def _plain(field: dict[str, Any]) -> str:
    kind: str = field.get("type", "object")
    if kind == "array":
        return f"list of {_value(field['items'])}"
    low = field.get("minimum", field.get("exclusiveMinimum"))
    high = field.get("maximum", field.get("exclusiveMaximum"))
    bounds = "" if low is None and high is None else f" {_bound(low)}…{_bound(high)}"
    return {"boolean": "flag", "string": "text"}.get(kind, kind) + bounds


def _bound(number: float | None) -> str:
    return "" if number is None else f"{number:,}"
