"""What anybody may ask, and that the rest is for operators: a route nobody lists here is closed."""

from __future__ import annotations

import hmac
from typing import Final

from starlette.requests import HTTPConnection

from services.api.errors import OperatorsOnlyError
from services.api.state import ApiState

_CITY: Final = "/api/v1/cities/{city}"
PUBLIC: Final = frozenset(
    {
        "/",
        "/healthz",
        "/readyz",
        "/api/v1/catalogue",
        "/api/v1/cities",
        "/api/v1/layers",
        "/api/v1/visualisations",
        f"{_CITY}/cityscore",
        f"{_CITY}/cityscore/yearly",
        f"{_CITY}/events",
        f"{_CITY}/explain",
        f"{_CITY}/kpis",
        f"{_CITY}/kpis/{{code}}",
        f"{_CITY}/kpis/{{code}}/periods",
        f"{_CITY}/kpis/{{code}}/series",
        f"{_CITY}/kpis/{{code}}/windows",
        f"{_CITY}/live",
        "/api/v1/reconciliation",
        "/api/v1/texts",
    }
)
"""The routes everybody may read: scores, their reasons, and that the process is alive."""


async def guard(connection: HTTPConnection, state: ApiState) -> None:
    """OperatorsOnlyError for a closed route without the operators' token; a demo without a token is open."""
    if connection.scope["route"].path in PUBLIC:
        return
    token = state.settings.api_operator_token.get_secret_value()
    if not token and state.settings.allow_plaintext:
        return
    scheme, _, given = connection.headers.get("authorization", "").partition(" ")
    known = bool(token) and hmac.compare_digest(given.strip().encode(), token.encode())
    if scheme.lower() != "bearer" or not known:
        raise OperatorsOnlyError
