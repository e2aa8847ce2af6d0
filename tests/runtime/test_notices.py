"""Notices in words: figures as each language writes them."""

from __future__ import annotations

from typing import Any

import pytest

from services.runtime.messages import Language
from services.runtime.notices import line


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("kk", "22,89 сек, мақсат 20, орындалуы 99\N{NO-BREAK SPACE}%"),
        ("ru", "22,89 сек, цель 20, достижение 99\N{NO-BREAK SPACE}%"),
        ("en", "22.89 s, target 20, attainment 99%"),
    ],
)
def test_figures_are_short_and_the_languages_own(lang: Language, said: str) -> None:
    facts: dict[str, Any] = {
        "city": {"kk": "Алматы", "ru": "Алматы", "en": "Almaty"},
        "kpi": "2.1",
        "name": {lang: "…"},
    }
    facts |= {"value": 22.8872, "unit": "s", "target": 20.0, "attainment": 0.9996}
    assert line("kpi", "raised", facts, lang).endswith(said)


def test_large_and_small_figures() -> None:
    facts: dict[str, Any] = {"partition": "events/3", "count": 1234567}
    assert line("ledger", "raised", facts, "ru").endswith("1\N{NO-BREAK SPACE}234\N{NO-BREAK SPACE}567")
    assert line("band", "raised", {"city": "…", "value": 0.00042, "rating": "low"}, "en").startswith(
        "Attention: …: CityScore 0.00042"
    )
