"""Quantities have limits, and every conversion is right at a point known from outside."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from schemas.quantities import CONVERSIONS, QUANTITIES, STEADY, Quantities

NAME = {"kk": "a", "ru": "b", "en": "c"}
KNOWN = [
    ("K", "Cel", 273.15, 0), ("degC", "Cel", -12.5, -12.5), ("degF", "Cel", 212, 100), ("degF", "Cel", -40, -40),
    ("hPa", "Pa", 1013.25, 101_325), ("kPa", "Pa", 101.325, 101_325), ("MPa", "Pa", 0.6, 600_000),
    ("bar", "Pa", 6, 600_000), ("mmHg", "Pa", 760, 101_325), ("km/h", "m/s", 36, 10), ("mg/m3", "ug/m3", 0.035, 35),
    ("kg/m3", "ug/m3", 0.000001, 1000), ("kWh", "Wh", 1.5, 1500), ("MWh", "Wh", 1, 1_000_000), ("J", "Wh", 3600, 1),
    ("MJ", "Wh", 3.6, 1000), ("GJ", "Wh", 3.6, 1_000_000), ("Gcal", "Wh", 1, 1_163_000), ("kW", "W", 2, 2000),
    ("mV", "V", 3300, 3.3), ("kV", "V", 10, 10_000), ("mA", "A", 20, 0.02), ("l", "m3", 250, 0.25),
    ("ml", "m3", 250, 0.00025), ("m3/h", "m3/s", 3600, 1), ("l/s", "m3/s", 5, 0.005), ("mm", "m", 1500, 1.5),
    ("cm", "m", 150, 1.5), ("cm", "mm", 1.5, 15), ("m", "mm", 0.002, 2), ("rad", "deg", 3.141592653589793, 180),
    ("/", "%", 0.5, 50), ("/", "%RH", 0.5, 50), ("/", "%EL", 1, 100), ("%", "%RH", 40, 40), ("%", "%EL", 40, 40),
    ("/100", "%", 40, 40), ("/1000", "%", 400, 40),
]  # fmt: skip


@pytest.mark.parametrize(("unit", "to", "given", "expected"), KNOWN)
def test_a_conversion_is_right(unit: str, to: str, given: float, expected: float) -> None:
    assert CONVERSIONS[unit, to].apply(given) == pytest.approx(expected, rel=1e-6)


def test_every_conversion_is_tested() -> None:
    assert {(unit, to) for unit, to, *_ in KNOWN} == CONVERSIONS.keys()


def test_limits_are_closed() -> None:
    fill = QUANTITIES["fill_level"]
    assert [fill.possible(v) for v in (-0.1, 0, 100, 100.1, 300)] == [False, True, True, False, False]
    assert not QUANTITIES["water_consumption"].possible(-1)


def test_states_and_counters_may_stay_as_they_are() -> None:
    assert {"door_open", "state", "fill_level", "water_volume"} <= STEADY
    assert not {"air_temperature", "pm2_5"} & STEADY


@pytest.mark.parametrize(
    ("quantities", "conversions"),
    [
        ({"a": {"unit": "m", "name": NAME}}, []),
        ({"a": {"kind": "flag", "unit": "m", "name": NAME}}, []),
        ({"a": {"kind": "flag", "name": NAME}}, [{"unit": "mm", "to": "m"}]),
        ({"A": {"kind": "flag", "name": NAME}}, []),
        ({"a": {"kind": "flag", "name": {"en": "c"}}}, []),
    ],
)
def test_a_wrong_file_is_refused(quantities: dict[str, object], conversions: list[dict[str, object]]) -> None:
    with pytest.raises(ValidationError):
        Quantities.model_validate({"quantities": quantities, "conversions": conversions})
