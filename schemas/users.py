"""Who may do what: roles, each in one city or in all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple, get_args

Role = Literal["viewer", "operator", "administrator", "exporter", "evaluator"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
EVERYWHERE: Final = "*"
INCLUDES: Final[Mapping[Role, frozenset[Role]]] = {
    "viewer": frozenset({"viewer"}),
    "operator": frozenset({"viewer", "operator"}),
    "administrator": frozenset(ROLES),
    "exporter": frozenset({"exporter"}),
    "evaluator": frozenset({"exporter", "evaluator"}),
}
"""What each role may do: its own, and what those below it may."""


class Grant(NamedTuple):
    """A role in a city; `*` is every city."""

    city: str
    role: Role

    def __str__(self) -> str:
        return f"{self.city}:{self.role}"


def read_grant(given: str) -> Grant:
    """From `city:role`. ValueError names what is wrong."""
    city, colon, role = given.partition(":")
    known = next((one for one in ROLES if one == role), None)
    if not city or not colon or known is None:
        raise ValueError(f"{given!r} is not CITY:ROLE with one of {', '.join(ROLES)}; * is every city")
    return Grant(city, known)


def allowed(grants: Iterable[Grant], role: Role, city: str | None) -> bool:
    """Whether one of the grants opens what `role` may do in the city; None: what is of no single city."""
    return any(role in INCLUDES[grant.role] and grant.city in (EVERYWHERE, city) for grant in grants)
