"""Messages in words, in the way's language."""

from __future__ import annotations

from collections.abc import Sequence

from services.notify.outbox import Letter
from services.runtime import notices
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
    return notices.line(letter.kind, letter.what, letter.facts, lang)
