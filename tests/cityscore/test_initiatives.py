from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.cityscore.initiatives import AdditionalInitiative, counted

GOOD: dict[str, Any] = {
    "name": "x",
    "in_roadmap": True,
    "signed_report": True,
    "indicators": 1,
    "implemented_on": date(2027, 12, 31),
    "sphere": "social",
}


def test_all_five_criteria_met() -> None:
    assert AdditionalInitiative(**GOOD).unmet(2027) == ()


@pytest.mark.parametrize(
    ("criterion", "change"),
    [
        (1, {"in_roadmap": False}),
        (2, {"signed_report": False}),
        (3, {"indicators": 0}),
        (4, {"implemented_on": None}),
        (4, {"implemented_on": date(2028, 1, 1)}),
        (5, {"sphere": None}),
    ],
)
def test_each_criterion_is_needed(criterion: int, change: dict[str, Any]) -> None:
    poor = AdditionalInitiative(**{**GOOD, **change})
    assert poor.unmet(2027) == (criterion,)
    assert counted([poor, AdditionalInitiative(**GOOD)], 2027) == 1
