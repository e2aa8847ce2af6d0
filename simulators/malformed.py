"""Messages that no contract lets in, each for another reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from simulators.facts import Fact, encode
from simulators.moments import DAY


def malformed(city: str, fact: Fact, rng: Random) -> tuple[bytes, str]:
    """What came of a fact on its way, and the reason (`schemas.dead_letter.Reason`) for which it must be refused."""
    reason = rng.choice(tuple(_SPOILT))
    return _SPOILT[reason](city, fact._replace(id=f"{fact.id}-spoilt")), reason


def _cut(city: str, fact: Fact) -> bytes:
    return encode(city, fact)[:-9]


def _no_text(city: str, fact: Fact) -> bytes:
    return encode(city, fact) + b"\xff"


def _of_unknown_type(city: str, fact: Fact) -> bytes:
    return encode(city, fact).replace(b'.v1","time"', b'.v99","time"')


def _with_a_field_more(city: str, fact: Fact) -> bytes:
    return encode(city, fact)[:-2] + b',"phone":"+7"}}'


def _of_tomorrow(city: str, fact: Fact) -> bytes:
    return encode(city, fact._replace(time=fact.time + 3650 * DAY))


def _of_another_city(city: str, fact: Fact) -> bytes:
    return encode(f"{city}-not", fact)


_SPOILT: Final[Mapping[str, Callable[[str, Fact], bytes]]] = {
    "malformed_json": _cut,
    "invalid_utf8": _no_text,
    "unknown_type": _of_unknown_type,
    "invalid_field": _with_a_field_more,
    "future_time": _of_tomorrow,
    "foreign_identity": _of_another_city,
}
