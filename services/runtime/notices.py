"""A notice to people in words, for whoever sends or shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.units import UNITS
from services.runtime.messages import Language, text


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
    if name == "rating":
        return text(f"notify.rating_{value}", lang)
    if name == "attainment":
        return f"{100 * value:.0f}"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
