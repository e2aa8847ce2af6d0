"""Which of the three languages an HTTP client prefers."""

from __future__ import annotations

from services.runtime.messages import LANGUAGES, Language


def preferred(header: str) -> Language:
    """The known language of an Accept-Language header with the highest weight, the first one of equals; else English.

    A malformed weight counts as none (RFC 9110, 12.4.2: 0 is "not acceptable").
    """
    ranked = sorted((_weighted(part) for part in header.split(",")), key=lambda pair: -pair[1])
    return next((known for tag, weight in ranked for known in LANGUAGES if tag == known and weight > 0), "en")


def _weighted(part: str) -> tuple[str, float]:
    """The language without script and region, and its weight, 0…1."""
    tag, _, parameter = part.lower().replace(" ", "").partition(";")
    try:
        weight = float(parameter.removeprefix("q=") or 1)
    except ValueError:
        weight = 0.0
    return tag.partition("-")[0], weight if 0 <= weight <= 1 else 0.0
