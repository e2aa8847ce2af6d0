"""A measure that cannot work is refused with the place where it goes wrong."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.binding import mistakes
from schemas.events.registry import EVENT_TYPES
from schemas.measures import Measure

ANSWERED = "kz.ahual.contact-centre.call-answered.v1"
REGISTERED = "kz.ahual.contact-centre.request-registered.v1"
READINGS = "kz.ahual.telemetry.readings-reported.v1"
TOTAL = "kz.ahual.reference.total-reported.v1"


@pytest.mark.parametrize(
    ("term", "path", "reason"),
    [
        ({"event": "kz.ahual.nobody.v1"}, ("event",), "no event type"),
        ({"event": ANSWERED, "at": "due_at"}, ("at",), "no field due_at"),
        ({"event": ANSWERED, "at": "queue"}, ("at",), "queue .* is no timestamp"),
        ({"event": ANSWERED, "value": {"field": "score"}}, ("value", "field"), "no field score"),
        ({"event": ANSWERED, "value": {"field": "queue"}}, ("value", "field"), "is no number"),
        ({"event": ANSWERED, "value": {"elapsed": ["queued_at", "call"]}}, ("value", "elapsed", 1), "is no timestamp"),
        ({"event": "any", "where": [{"field": "kind", "present": True}]}, ("where", 0, "field"), "no field kind"),
        ({"event": REGISTERED, "where": [{"field": "kind", "equals": "quarrel"}]}, ("where", 0), "never 'quarrel'"),
        ({"event": REGISTERED, "where": [{"field": "kind", "one_of": ["incident", "row"]}]}, ("where", 0), "'row'"),
        ({"event": REGISTERED, "where": [{"field": "kind", "not_after": "due_at"}]}, ("where", 0, "field"), "time"),
        ({"event": REGISTERED, "at": {"after": "registered_at", "term": {"field": "kind", "by": {"row": 1}}}},
         ("at", "term"), "'row'"),
        ({"event": REGISTERED, "until": "due_at"}, ("until",), "only a dated entry"),
        ({"event": ANSWERED, "each": "queue"}, ("each",), "no list queue"),
        ({"event": "any", "each": "readings"}, ("each",), "no list readings"),
        ({"event": READINGS, "where": [{"field": "value", "present": True}]}, ("where", 0, "field"), "no field value"),
        ({"event": READINGS, "value": {"field": "readings"}}, ("value", "field"), "readings .* is no number"),
        ({"event": READINGS, "each": "readings", "value": {"field": "text"}}, ("value", "field"), "is no number"),
    ],
)  # fmt: skip
def test_a_mistake_has_its_place(term: dict[str, Any], path: tuple[str | int, ...], reason: str) -> None:
    measure = Measure.model_validate({"kind": "sum", "numerator": [{"event": ANSWERED}, term]})
    found = next(mistakes(measure, EVENT_TYPES))
    assert found.path == ("numerator", 1, *path)
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(found.reason)


def test_elements_are_no_dated_entries() -> None:
    term = {"event": READINGS, "each": "readings", "value": {"field": "value"}}
    (found,) = mistakes(Measure.model_validate({"kind": "latest", "numerator": [term]}), EVENT_TYPES)
    assert found.path == ("numerator", 0, "each")


def test_elements_bring_their_fields() -> None:
    term = {"event": READINGS, "each": "readings", "value": {"field": "value"}, "at": "time"}
    warm = {"field": "quantity", "equals": "air_temperature"}
    measure = {"kind": "mean", "numerator": [{**term, "where": [warm, {"field": "subject", "present": False}]}]}
    assert not list(mistakes(Measure.model_validate(measure), EVENT_TYPES))


def test_a_component_has_its_place() -> None:
    part = {"kind": "latest", "numerator": [{"event": TOTAL}]}
    found = list(mistakes(Measure.model_validate({"kind": "composite", "components": {"a": part}}), EVENT_TYPES))
    assert [(m.path, m.reason) for m in found] == [(("components", "a", "numerator", 0), "a dated entry needs a value")]


@pytest.mark.parametrize(
    ("measure", "reason"),
    [
        ({"kind": "change", "numerator": [{"event": ANSWERED}]}, "a change needs `of`"),
        ({"kind": "mean", "of": "count"}, "`of` belongs to a change"),
        ({"kind": "share", "numerator": [{"event": ANSWERED}]}, "needs a denominator"),
        ({"kind": "count", "denominator": [{"event": ANSWERED}]}, "has no denominator"),
        ({"kind": "share", "base": [{"event": TOTAL}]}, "only a ratio and a latest"),
        ({"kind": "ratio", "base": [{"event": TOTAL}], "denominator": [{"event": TOTAL}]}, "not both"),
        ({"kind": "mean", "complement": True}, "only a share"),
        ({"kind": "mean", "per": ["queue"]}, "`per` belongs"),
        ({"kind": "count", "groups": {"a": ["b"]}}, "`groups` belong"),
        ({"kind": "count", "components": {"a": {"kind": "count"}}}, "`components` belong"),
        ({"kind": "composite", "numerator": [{"event": ANSWERED}]}, "stand in its components"),
        ({"kind": "composite", "components": {"a": {"kind": "spacing"}}}, "a component is one of"),
        ({"kind": "count", "numerator": [{"event": ANSWERED, "where": [{"field": "call"}]}]}, "exactly one test"),
        ({"kind": "count", "numerator": [{"event": ANSWERED, "where": [{"present": True}]}]}, "field or elapsed"),
        ({"kind": "count", "numerator": [
            {"event": ANSWERED, "where": [{"elapsed": ["queued_at", "answered_at"], "present": True}]}]},
         "at_most or at_least"),
        ({"kind": "count", "numerator": [
            {"event": ANSWERED, "where": [{"field": "time", "local": {"hours": [["7:30", "9:30"]]}}]}]}, "pattern"),
    ],
)  # fmt: skip
def test_what_makes_no_measure(measure: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Measure.model_validate(measure)
