"""Which of the three languages a reader asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Query
from starlette.requests import HTTPConnection

from services.runtime.messages import LANGUAGES, Language, language

LangQuery = Annotated[
    Language | None, Query(description="Texts in this language only; without it, all three", examples=["kk"])
]


def spoken(connection: HTTPConnection) -> Language:
    """`?lang=`, else the best known language of Accept-Language, else English."""
    asked = connection.query_params.get("lang")
    return language(asked) if asked else _accepted(connection.headers.get("accept-language", ""))


def _accepted(header: str) -> Language:
    ranked = sorted((_weighted(part) for part in header.split(",")), key=lambda pair: -pair[1])
    return next((known for tag, weight in ranked for known in LANGUAGES if tag[:2] == known and weight > 0), "en")


def _weighted(part: str) -> tuple[str, float]:
    tag, _, params = part.strip().lower().partition(";")
    try:
        return tag, float(params.replace(" ", "").removeprefix("q=") or 1)
    except ValueError:
        return tag, 0.0


def in_language(value: Any, lang: Language | None) -> Any:
    """The value with every `{kk, ru, en}` inside replaced by its text in `lang`; None keeps all three."""
    if lang is None:
        return value
    if isinstance(value, Mapping):
        if set(value) == set(LANGUAGES):
            return value[lang]
        return {key: in_language(item, lang) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [in_language(item, lang) for item in value]
    return value
