"""User-visible text in Kazakh, Russian and English, from `schemas/messages/<room>.yaml`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, Literal, get_args

from schemas import yaml_text

Language = Literal["kk", "ru", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)


class MissingTextError(LookupError):
    """No catalogue holds this key: a mistake of ours, never of the user."""


@cache
def room(name: str) -> Mapping[str, Mapping[str, str]]:
    """All texts of one catalogue file, by key and language."""
    parsed = yaml_text.parse((files("schemas") / "messages" / f"{name}.yaml").read_text("utf-8"))
    if not isinstance(parsed, dict):
        raise MissingTextError(name)
    return parsed


def language(preferred: str | None = None) -> Language:
    """The language to answer in: the preferred one, else `AHUAL_LANG`, else English."""
    wanted = (preferred or os.environ.get("AHUAL_LANG") or "en")[:2]
    return next((known for known in LANGUAGES if known == wanted), "en")


def text(key: str, lang: str | None = None, **params: object) -> str:
    """The text of `room.key` in a language, with its `{placeholders}` filled in."""
    name, _, entry = key.partition(".")
    try:
        template = room(name)[entry][language(lang)]
    except (KeyError, FileNotFoundError) as error:
        raise MissingTextError(key) from error
    return template.format(**params)
