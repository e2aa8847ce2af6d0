"""What anybody may ask, and that the rest is for operators: a route nobody lists here is closed."""

from __future__ import annotations

import hmac
from typing import Final

from pydantic import SecretStr
from starlette.requests import HTTPConnection

from services.api.errors import OperatorsOnlyError
from services.api.settings import ApiSettings
from services.api.state import ApiState

_CITY: Final = "/api/v1/cities/{city}"
PUBLIC: Final = frozenset(
    {
        "/",
        "/assets/{path:path}",
        "/plain",
        "/{name}",
        "/healthz",
        "/readyz",
        "/api/v1/asyncapi.json",
        "/api/v1/catalogue",
        "/api/v1/cities",
        "/api/v1/layers",
        "/api/v1/methodology",
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


EXPORTS: Final = "/api/v1/exports"
"""The routes below it are opened by the exporters' and the evaluators' token too …"""
FACTS: Final = "/api/v1/facts"
"""… and these by the evaluators': raw facts, without anything that identifies a person."""


async def guard(connection: HTTPConnection, state: ApiState) -> None:
    """OperatorsOnlyError for a closed route without a token that opens it; a demo without a token is open."""
    path = connection.scope["route"].path
    if path in PUBLIC:
        return
    tokens = [token.get_secret_value() for token in _opening(path, state.settings) if token.get_secret_value()]
    if not tokens and state.settings.allow_plaintext:
        return
    scheme, _, given = connection.headers.get("authorization", "").partition(" ")
    known = [hmac.compare_digest(given.strip().encode(), token.encode()) for token in tokens]
    if scheme.lower() != "bearer" or not any(known):
        raise OperatorsOnlyError


def _opening(path: str, settings: ApiSettings) -> list[SecretStr]:
    """The tokens that open a closed route."""
    operators, evaluators = settings.api_operator_token, settings.api_evaluator_token
    if path.startswith(EXPORTS):
        return [operators, evaluators, settings.api_exporter_token]
    return [operators, evaluators] if path.startswith(FACTS) else [operators]
