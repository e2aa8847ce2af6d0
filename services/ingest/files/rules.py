"""What a contract says is wrong, in every language: its English words are looked up in schemas/messages/rules.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from services.runtime.messages import room

_PLACE = re.compile(r"\\\{(\w+)\\\}")
_PREFIX = "Value error, "
_OTHERS = re.compile(r" \(and \d+ more\)$")


class Broken(NamedTuple):
    """A rule that a row breaks: its name in `rules.yaml`, and what stands in its places."""

    rule: str
    params: Mapping[str, str]


def broken(message: str) -> Broken | None:
    """Which rule a contract's message is of; None where it is pydantic's own."""
    words = _OTHERS.sub("", message.removeprefix(_PREFIX))
    for rule, pattern in _patterns().items():
        if found := pattern.fullmatch(words):
            return Broken(rule, found.groupdict())
    return None


@cache
def _patterns() -> Mapping[str, re.Pattern[str]]:
    """The fixed ones first: `restored_at lies before begun_at: …` is more than an order."""
    texts = sorted(((rule, texts["en"]) for rule, texts in room("rules").items()), key=lambda one: "{" in one[1])
    return {rule: re.compile(_PLACE.sub(r"(?P<\1>.+?)", re.escape(english))) for rule, english in texts}
