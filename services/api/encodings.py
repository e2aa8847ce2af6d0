"""Which compression a reader takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

KNOWN: Final = ("br", "gzip")
"""In order of preference."""


def accepted(header: str, known: Sequence[str] = KNOWN) -> str:
    """Of an Accept-Encoding: the first of `known` that it takes, else the empty one."""
    given = {
        name.strip().lower(): _weight(rest) for name, _, rest in (part.partition(";") for part in header.split(","))
    }
    return next((name for name in known if given.get(name, 0.0) > 0), "")


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
