"""Messages in words, in the way's language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from schemas.units import UNITS
from services.notify.outbox import Letter
from services.runtime.messages import Language, text


def subject(letters: Sequence[Letter], lang: Language) -> str:
    """One line for all of them."""
    if len(letters) == 1:
        return line(letters[0], lang)
    raised = sum(letter.what != "cleared" for letter in letters)
    return text("notify.several", lang, raised=raised, cleared=len(letters) - raised)


def body(letters: Sequence[Letter], lang: Language) -> str:
    """A line each, and what the figures are."""
    lines = [f"{line(letter, lang)} ({letter.at:%Y-%m-%d %H:%M} UTC)" for letter in letters]
    return "\n".join([*lines, "", text("notify.estimate", lang), ""])


def line(letter: Letter, lang: Language) -> str:
    """What happened, where."""
    facts = {name: _said(name, value, lang) for name, value in letter.facts.items()}
    said = text(f"notify.{letter.kind}", lang, **facts)
    return f"{text(f'notify.{letter.what}', lang)}: {said}"


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
