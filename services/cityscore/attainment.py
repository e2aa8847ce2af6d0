"""How far a KPI's target is reached, 0…1 (annex 5, point 2): one rule per kind of target.

Values are in the order's units; changes are percent changes (a decrease is negative); 1.4 is hours per data category.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, assert_never

from schemas.catalogue import EachAtMost, Target, UpdateLimits
from services.cityscore.errors import InputError

UpdateIntervals = Mapping[str, float]
"""1.4: hours between updates by data category; a category that never reported is absent."""

Value = float | UpdateIntervals

UPDATE_PARTS: Final = tuple(UpdateLimits.model_fields)
_BELOW_ONE: Final = math.nextafter(1.0, 0.0)
_CHANGES: Final = frozenset({"decrease", "increase", "no_worse"})


def attainment(target: Target, value: Value, *, absent: float = 0.0) -> float:
    """How far `value` reaches `target`: 1 exactly when it is met, 0 at worst.

    `absent` is what a category without updates counts in 1.4: 0, or 1 for the upper bound.
    Raises InputError for what is no finite number, a change below −100 %, or any other negative value.
    """
    checked = check(target, value)
    if isinstance(checked, float):
        return _reached(_ratio(target, checked))
    assert isinstance(target, EachAtMost)  # noqa: S101  (check has seen to it)
    return _mean_of_parts(target.value, checked, absent)


def ratio(target: Target, value: float) -> float:
    """The uncapped ratio to the target, 1.0 when just met; may be negative or infinite. Not for 1.4."""
    checked = check(target, value)
    assert isinstance(checked, float)  # noqa: S101
    return _ratio(target, checked)


def check(target: Target | None, value: object) -> float | dict[str, float]:
    """The value as a float, or as a dict of floats for 1.4. Raises InputError as `attainment` does.

    Without a target (a KPI that this category is not scored on) any finite number will do.
    """
    if target is None:
        return _finite(value)
    if target.op != "each_at_most":
        return _change(value) if target.op in _CHANGES else _not_negative(value)
    if not isinstance(value, Mapping):
        raise InputError("cityscore.parts_needed", value=value, parts=", ".join(UPDATE_PARTS))
    return {_part(name): _not_negative(hours) for name, hours in value.items()}


def _ratio(target: Target, v: float) -> float:
    match target.op:
        case ">=":
            return v / target.value
        case "<=":
            return target.value / v if v else math.inf
        case "between":
            return v / target.low if v < target.low else min(target.high / v, 1.0)
        case "decrease":
            return -v / target.value
        case "increase":
            return v / target.value
        case "no_worse":
            return _fall_kept(v) if target.direction == "decrease" else _growth_kept(v)
        case "each_at_most":
            raise TypeError("1.4 has four ratios, not one")
        case _:
            assert_never(target.op)


def _fall_kept(v: float) -> float:
    if v > 0:
        return min(100 / (100 + v), _BELOW_ONE)
    return 100 / (100 + v) if v > -100 else math.inf


def _growth_kept(v: float) -> float:
    return min((100 + v) / 100, _BELOW_ONE) if v < 0 else (100 + v) / 100


def _reached(ratio: float) -> float:
    return 1.0 if ratio >= 1 else max(ratio, 0.0)


def _mean_of_parts(limits: UpdateLimits, hours: Mapping[str, float], absent: float) -> float:
    parts = [_part_reached(getattr(limits, name), hours[name]) if name in hours else absent for name in UPDATE_PARTS]
    mean = math.fsum(parts) / len(parts)
    return mean if min(parts) == 1 else min(mean, _BELOW_ONE)


def _part_reached(limit: float, hours: float) -> float:
    return _reached(limit / hours if hours else math.inf)


def _part(name: object) -> str:
    if name not in UPDATE_PARTS:
        raise InputError("cityscore.unknown_part", part=name, parts=", ".join(UPDATE_PARTS))
    return str(name)


def _finite(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InputError("cityscore.not_a_number", value=value)
    try:
        number = float(value)
    except OverflowError as error:
        raise InputError("cityscore.not_finite", value=math.inf) from error
    if not math.isfinite(number):
        raise InputError("cityscore.not_finite", value=value)
    return number


def _not_negative(value: object) -> float:
    number = _finite(value)
    if number < 0:
        raise InputError("cityscore.negative", value=value)
    return number


def _change(value: object) -> float:
    number = _finite(value)
    if number < -100:
        raise InputError("cityscore.change_too_low", value=value)
    return number
