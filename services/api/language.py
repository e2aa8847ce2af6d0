"""Which of the three languages a reader asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Query
from starlette.requests import HTTPConnection

from services.runtime.accept_language import preferred
from services.runtime.messages import LANGUAGES, Language, language

LangQuery = Annotated[
    Language | None, Query(description="Texts in this language only; without it, all three", examples=["kk"])
]


def spoken(connection: HTTPConnection) -> Language:
    """`?lang=`, else the best known language of Accept-Language, else English."""
    asked = connection.query_params.get("lang")
    return language(asked) if asked else preferred(connection.headers.get("accept-language", ""))


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
