"""Event types of no city, and a small catalogue of measures that uses every kind and condition of the language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from schemas.catalogue import Catalogue
from schemas.events.contact_centre import SurveyAnswered
from schemas.events.envelope import Data, EventClass, Name, Timestamp
from schemas.events.reference import TotalReported
from schemas.events.registry import Registry
from schemas.events.situation_centre import PageProbed
from schemas.measures import Measure
from services.cityscore.catalogue import load_catalogue

TRIP = "kz.ahual.test.trip.v1"
TOTAL = TotalReported.type_name
PROBE = PageProbed.type_name
MINUTE_MS = 60_000


class Halt(BaseModel):
    """A stop on the way, with a time and fields of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    place: Name
    time: Timestamp
    boarded: int | None = None
    norm: int = 1
    """Named like a field of the trip."""
    district: str | None = None


class Trip(Data):
    """A vehicle's trip, with something for every condition to look at."""

    type_name: ClassVar[str] = TRIP
    system: ClassVar[str | None] = "test"
    event_class: ClassVar[EventClass] = "telemetry"
    title: ClassVar[dict[str, str]] = {"kk": "Сапар", "ru": "Поездка", "en": "Trip"}

    line: Name
    kind: Literal["bus", "tram", "taxi"]
    begun_at: Timestamp
    ended_at: Timestamp | None = None
    due_at: Timestamp
    speed: float | None = None
    norm: float = 60.0
    riders: int = 0
    cashless: bool = False
    device: Name | None = None
    """Named like a part of the identity: the data's own field comes first."""
    halts: tuple[Halt, ...] = ()


REGISTRY = Registry.of([Trip, TotalReported, PageProbed, SurveyAnswered])


def _trips(*where: Mapping[str, object], **term: object) -> dict[str, object]:
    return {"event": TRIP, "where": list(where), **term}


def _halts(*where: Mapping[str, object], **term: object) -> dict[str, object]:
    return _trips(*where, each="halts", **term)


def _total(name: str) -> dict[str, object]:
    where = [{"field": "name", "equals": name}]
    return {"event": TOTAL, "where": where, "value": {"field": "total"}, "at": "as_of", "until": "until"}


TIME = {"elapsed": ["begun_at", "ended_at"]}
TERMS = {"field": "kind", "by": {"bus": 40 * MINUTE_MS, "tram": 20 * MINUTE_MS}}
LIMIT = {"republican": 10 * MINUTE_MS, "regional": 20 * MINUTE_MS, "district": 30 * MINUTE_MS}
RUSH = {"field": "begun_at", "local": {"hours": [["07:30", "09:30"], ["22:00", "01:00"]], "weekdays": [1, 2, 3, 4, 5]}}

MEASURES: dict[str, dict[str, object]] = {
    "count": {"kind": "count", "numerator": [_trips({"field": "kind", "one_of": ["bus", "tram"]})]},
    "shadowed": {"kind": "count", "numerator": [_trips({"field": "device", "equals": "one"})]},
    "sum": {
        "kind": "sum",
        "numerator": [_trips(value={"field": "riders"}), _trips({"field": "kind", "equals": "taxi"})],
    },
    "mean": {"kind": "mean", "numerator": [_trips(value={"field": "speed", "scale": 1000})], "scale": 1000},
    "duration": {"kind": "mean", "numerator": [_trips(value=TIME, at="ended_at")], "scale": MINUTE_MS},
    "share": {
        "kind": "share",
        "numerator": [_trips({**TIME, "at_most": LIMIT})],
        "denominator": [_trips({"field": "ended_at", "present": True})],
    },
    "cohort": {
        "kind": "share",
        "cohort": True,
        "complement": True,
        "numerator": [_trips({"field": "ended_at", "not_after": "due_at"}, at="due_at")],
        "denominator": [_trips(at="due_at")],
    },
    "terms": {
        "kind": "share",
        "cohort": True,
        "numerator": [
            _trips(
                {"field": "ended_at", "not_after": {"after": "begun_at", "term": TERMS}},
                at={"after": "begun_at", "term": TERMS},
            )
        ],
        "denominator": [_trips(at={"after": "begun_at", "term": TERMS})],
    },
    "arrival": {
        "kind": "ratio",
        "cohort": True,
        "numerator": [
            _trips(
                {"field": "ended_at", "not_after": {"after": "begun_at", "term": LIMIT}},
                value={"field": "riders"},
                at={"after": "begun_at", "term": LIMIT},
            )
        ],
        "denominator": [_trips(value={"field": "riders"}, at={"after": "begun_at", "term": LIMIT})],
        "scale": 0.01,
    },
    "late_share": {
        "kind": "ratio",
        "numerator": [_trips({"field": "cashless", "equals": True}, value=TIME)],
        "denominator": [_trips(value=TIME)],
        "scale": 0.01,
    },
    "rush": {"kind": "mean", "numerator": [_trips(RUSH, value={"field": "speed", "scale": 1000})], "scale": 1000},
    "norms": {
        "kind": "share",
        "per": ["line", "kind"],
        "numerator": [_trips({"field": "speed", "not_above": "norm"})],
        "denominator": [_trips({"field": "speed", "present": True})],
    },
    "large": {
        "kind": "count",
        "numerator": [
            _trips({"field": "riders", "at_least": 10}, categories=["republican", "regional"]),
            _trips({"field": "riders", "at_least": 20}, {**TIME, "at_least": 60_000}, categories=["district"]),
        ],
    },
    "rate": {
        "kind": "ratio",
        "numerator": [_trips({"field": "cashless", "equals": True})],
        "denominator": [_trips(value={"field": "riders"})],
    },
    "each_sum": {"kind": "sum", "numerator": [_halts(value={"field": "boarded"}), _halts(at="begun_at")]},
    "each_delay": {"kind": "mean", "numerator": [_halts(value={"elapsed": ["begun_at", "time"]})], "scale": 1000},
    "each_share": {
        "kind": "share",
        "per": ["line", "place"],
        "numerator": [_halts({"field": "norm", "not_above": "boarded"}, {"field": "kind", "equals": "bus"})],
        "denominator": [_halts({**TIME, "at_most": LIMIT})],
    },
    "each_rush": {
        "kind": "count",
        "numerator": [_halts({**RUSH, "field": "time"}, categories=["regional"]), _halts(at="committedtime")],
    },
    "per_resident": {"kind": "ratio", "numerator": [_trips()], "base": [_total("residents")], "scale": 0.001},
    "inventory": {"kind": "latest", "numerator": [_total("stops")]},
    "inventory_share": {
        "kind": "latest",
        "numerator": [_total("smart_stops"), _total("smarter_stops")],
        "base": [_total("stops")],
        "scale": 0.01,
        "valid_days": 200,
    },
    "change": {"kind": "change", "of": "mean", "numerator": [_trips(value=TIME)]},
    "change_count": {"kind": "change", "of": "count", "numerator": [_trips()], "counted": "fall"},
    "change_latest": {"kind": "change", "of": "latest", "numerator": [_total("stops")]},
    "spacing": {
        "kind": "spacing",
        "numerator": [{"event": "any"}],
        "per": ["system"],
        "groups": {"safety": ["test", "video"], "housing": ["heat"]},
        "scale": 3_600_000,
    },
    "uptime": {
        "kind": "uptime",
        "numerator": [
            {"event": PROBE, "where": [{"field": "good", "equals": True}], "at": "begun_at",
             "value": {"elapsed": ["begun_at", "ended_at"]}}
        ],
        "denominator": [{"event": PROBE, "at": "begun_at", "value": {"elapsed": ["begun_at", "ended_at"]}}],
        "scale": 0.01,
    },
    "composite": {
        "kind": "composite",
        "components": {
            "score": {"kind": "mean", "numerator": [_trips(value={"field": "riders"})]},
            "stops": {"kind": "latest", "numerator": [_total("stops")]},
            "delay": {"kind": "mean", "numerator": [{"event": "any", "at": "committedtime",
                                                     "value": {"elapsed": ["recordedtime", "committedtime"]}}]},
        },
    },
}  # fmt: skip
"""One measure per kind and condition, by a name that says which."""


def measure(name: str) -> Measure:
    """The measure of this name."""
    return Measure.model_validate(MEASURES[name])


def catalogue(*names: str) -> Catalogue:
    """A catalogue whose only KPIs, 1.1, 1.2 …, have these measures (all of them when none is named)."""
    real = load_catalogue()
    first = real.initiatives[0]
    kpis = tuple(
        first.kpis[0].model_copy(update={"code": f"1.{number}", "measure": measure(name)})
        for number, name in enumerate(names or MEASURES, start=1)
    )
    return real.model_copy(update={"initiatives": (first.model_copy(update={"kpis": kpis}),)})
