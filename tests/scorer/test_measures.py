"""Measures compiled from the catalogue: what each event adds to which KPI, and what cannot be compiled."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.catalogue import Catalogue
from schemas.measures import Measure
from services.cityscore.catalogue import load_catalogue
from services.scorer.decoding import RecordDecoder
from services.scorer.errors import MeasureError
from services.scorer.fold import fold
from services.scorer.measures import compile_measures
from services.scorer.types import City, Part, PartKey, Record
from tests.scorer.events import answered, event

CITIES = {
    code: City(code, category, "Asia/Almaty", 0)
    for code, category in (("almaty", "republican"), ("karaganda", "regional"), ("priozersk", "district"))
}
STORED_AT = datetime(2026, 11, 22, 10, 30, 5, tzinfo=UTC)
REQUEST = {"request": "r", "registered_at": "2026-11-22T09:00:00Z", "due_at": "2026-11-24T09:00:00Z"}
REGISTERED = {**REQUEST, "kind": "complaint", "category": "heat", "channel": "app"}
RESOLVED = {**REQUEST, "kind": "incident", "resolved_at": "2026-11-22T10:00:00Z", "first_contact": False}
FORWARDED = {**REQUEST, "forwarded_at": "2026-11-22T09:10:00Z", "service": "heat", "attempt": 1}
SURVEY = {"survey": "request_closed", "score": 4, "scale": 5, "answered_at": "2026-11-22T10:00:00Z"}


def folded(*bodies: bytes) -> dict[str, Part]:
    """What events add to each KPI, buckets and cities taken together."""
    decoded, rejected = RecordDecoder().decode([Record(i, body) for i, body in enumerate(bodies)], CITIES)
    assert not rejected
    total: dict[str, Part] = {}
    for key, part in fold(decoded, compile_measures(load_catalogue()), CITIES, STORED_AT).parts.items():
        total[key.kpi] = Part(*(a + b for a, b in zip(total.get(key.kpi, (0, 0, 0)), part, strict=True)))
    return total


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("call-abandoned", {"call": "c", "queue": "q", "queued_at": "2026-11-22T09:59:00Z",
                            "abandoned_at": "2026-11-22T10:00:00Z"}, {"1.8": (0, 1, 1)}),
        ("request-registered", REGISTERED, {"1.9": (0, 1, 1), "2.2": (0, 1, 1), "2.4": (1, 0, 1), "2.5": (0, 1, 1),
                                            "2.7": (0, 1, 1)}),
        ("request-registered", {**REGISTERED, "repeat_of": "q"}, {"2.7": (1, 1, 2)}),
        ("request-registered", {**REGISTERED, "repeat_of": "q", "kind": "inquiry"}, {"2.7": (0, 1, 1)}),
        ("request-resolved", RESOLVED, {"1.9": (1, 0, 1), "2.6": (3_600_000, 1, 1)}),
        ("request-resolved", {**RESOLVED, "first_contact": True}, {"1.9": (1, 0, 1), "2.2": (1, 0, 1)}),
        ("request-resolved", {**RESOLVED, "resolved_at": "2026-11-24T09:00:00Z"}, {"1.9": (1, 0, 1)}),
        ("request-resolved", {**RESOLVED, "resolved_at": "2026-11-24T09:00:00.001Z", "kind": "inquiry"}, {}),
        ("request-forwarded", FORWARDED, {"2.5": (1, 0, 1)}),
        ("request-forwarded", {**FORWARDED, "attempt": 2}, {}),
        ("survey-answered", SURVEY, {"1.10": (4000, 1, 1)}),
        ("survey-answered", {**SURVEY, "survey": "service", "score": 9, "scale": 10}, {"2.3": (9000, 1, 1)}),
    ],
)  # fmt: skip
def test_what_an_event_adds(kind: str, data: dict[str, Any], expected: dict[str, tuple[int, int, int]]) -> None:
    found = folded(event(kind, "2026-11-22T10:00:00Z", data))
    assert found.items() >= expected.items()
    if not expected:
        assert not found


@pytest.mark.parametrize(
    ("city", "wait_ms", "in_time"),
    [
        ("almaty", 30_000, 1),
        ("almaty", 30_001, 0),
        ("karaganda", 45_000, 1),
        ("karaganda", 45_001, 0),
        ("priozersk", 90_000, 1),
        ("priozersk", 90_001, 0),
    ],
)
def test_the_waiting_limit_is_the_categorys(city: str, wait_ms: int, in_time: int) -> None:
    begin = datetime(2026, 11, 22, 10, tzinfo=UTC)
    end = datetime.fromtimestamp(begin.timestamp() + wait_ms / 1000, UTC)
    found = folded(answered(end.isoformat(), begin.isoformat(), city=city))
    assert found["1.8"][:2] == (in_time, 1)
    assert found["2.1"] == (wait_ms, 1, 1)


def test_latency_runs_from_recordedtime_to_the_commit_and_lies_in_its_minute() -> None:
    body = answered(recordedtime="2026-11-22T10:30:03.500Z")
    decoded, _ = RecordDecoder().decode([Record(0, body)], CITIES)
    parts = fold(decoded, compile_measures(load_catalogue()), CITIES, STORED_AT).parts
    minute = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
    assert parts[PartKey("karaganda", "1.1", "", "", minute)] == Part(1500, 1, 1)
    assert "1.1" not in folded(answered())
    assert folded(answered(recordedtime="2026-11-22T11:00:00Z"))["1.1"] == Part(0, 1, 1)


def test_districts_are_kept_apart() -> None:
    data = {**REGISTERED, "district": "kazybek-bi"}
    decoded, _ = RecordDecoder().decode([Record(0, event("request-registered", "2026-11-22T10:00:00Z", data))], CITIES)
    parts = fold(decoded, compile_measures(load_catalogue()), CITIES, STORED_AT).parts
    assert {key.district for key in parts} == {"kazybek-bi"}


@pytest.mark.parametrize(
    ("term", "complaint"),
    [
        ({"event": "kz.ahual.nobody.v1"}, "no event type kz.ahual.nobody.v1"),
        ({"event": "kz.ahual.contact-centre.call-answered.v1", "at": "due_at"}, "due_at"),
        ({"event": "kz.ahual.contact-centre.call-answered.v1", "value": {"field": "score"}}, "score"),
        ({"event": "any", "where": [{"field": "kind", "equals": "incident"}]}, "kind"),
    ],
)
def test_a_measure_that_cannot_work_stops_the_start(term: dict[str, Any], complaint: str) -> None:
    catalogue = load_catalogue()
    first = catalogue.initiatives[0]
    measure = Measure.model_validate({"kind": "count", "numerator": [term]})
    broken = first.model_copy(update={"kpis": (first.kpis[0].model_copy(update={"measure": measure}),)})
    with pytest.raises(MeasureError, match=complaint):
        compile_measures(Catalogue(**{**dict(catalogue), "initiatives": (broken,)}))
