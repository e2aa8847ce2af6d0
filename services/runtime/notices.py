"""A notice to people in words, for whoever sends or shows it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from schemas.units import UNITS
from services.runtime.messages import Language, text
from services.runtime.systems import system_name

_LEAST: Final = 0.01
_COMMA: Final = str.maketrans({",": "\N{NO-BREAK SPACE}", ".": ","})


def line(kind: str, what: str, facts: Mapping[str, Any], lang: Language) -> str:
    """What happened, where: by the kind of rule, `raised`, `reminded` or `cleared`, and the facts as they were."""
    said = text(f"notify.{kind}", lang, **{name: _said(name, value, lang) for name, value in facts.items()})
    return f"{text(f'notify.{what}', lang)}: {said}"


def _said(name: str, value: Any, lang: Language) -> str:
    if isinstance(value, dict):
        return str(value[lang])
    if value is None:
        return "–"
    if name == "unit":
        return UNITS[value][lang]
    if name == "system":
        return system_name(value, lang)
    if name == "rating":
        return text(f"notify.rating_{value}", lang)
    if name == "attainment":
        return str(math.floor(100 * value + 1e-9))  # 100 % is said of a target that is met
    return _number(value, lang) if isinstance(value, float | int) else str(value)


def _number(value: float, lang: Language) -> str:
    """At most two decimals, as the language writes them; what is not nothing is never a bare 0."""
    small = value and abs(value) < _LEAST
    shown = f"{value:.2g}" if small else f"{value:,.2f}".rstrip("0").rstrip(".")
    return shown if lang == "en" else shown.translate(_COMMA)
