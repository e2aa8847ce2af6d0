"""The systems that events come from, by name."""

from __future__ import annotations

from services.runtime.messages import LANGUAGES, Language, room


def system_name(code: str, lang: Language) -> str:
    """Its name; a system of a city's own is called as its topics call it."""
    known = room("systems").get(code)
    return code if known is None else known[lang]


def system_names(code: str) -> dict[Language, str]:
    """The same in every language."""
    return {lang: system_name(code, lang) for lang in LANGUAGES}
