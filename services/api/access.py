"""What anybody may ask, and which role the rest wants: a route nobody lists here is an operator's."""

from __future__ import annotations

import hmac
from typing import Final

from pydantic import SecretStr
from starlette.requests import HTTPConnection

from schemas.users import EVERYWHERE, Grant, Role, allowed
from services.api import audit
from services.api.errors import CsrfError, ForeignOriginError, OperatorsOnlyError
from services.api.origins import same_origin
from services.api.sessions import COOKIE, CSRF_HEADER, Who, signed_in
from services.api.settings import ApiSettings
from services.api.state import ApiState, State

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
        f"{_CITY}/public",
        f"{_CITY}/trend",
        f"{_CITY}/waterfall",
        "/api/v1/reconciliation",
        "/api/v1/session",
        "/api/v1/session/oidc",
        "/api/v1/session/oidc/callback",
        "/api/v1/texts",
    }
)
"""The routes everybody may read: scores, their reasons, and that the process is alive."""


AUDIT: Final = "/api/v1/audit"
EXPORTS: Final = "/api/v1/exports"
"""The routes below it are opened by the exporters' and the evaluators' token too …"""
FACTS: Final = "/api/v1/facts"
"""… and these by the evaluators': raw facts, without anything that identifies a person."""
_CLOSED: Final[tuple[tuple[str, Role], ...]] = (
    (AUDIT, "administrator"),
    (EXPORTS, "exporter"),
    (FACTS, "evaluator"),
    ("/api/v1/base-map", "viewer"),
    ("/api/v1/layers/", "viewer"),
    ("/api/v1/schemes/", "viewer"),
    ("", "operator"),
)
"""Which role a route wants: the first whose path it begins with."""
_AUDITED: Final = (AUDIT, EXPORTS, FACTS, f"{_CITY}/dead-letters")
_SAFE: Final = ("GET", "HEAD", "OPTIONS")
OPERATORS_TOKEN: Final = "operators' token"  # noqa: S105  # what it is called in the audit trail
EVALUATORS_TOKEN: Final = "evaluators' token"  # noqa: S105
EXPORTERS_TOKEN: Final = "exporters' token"  # noqa: S105


async def guard(connection: HTTPConnection, state: ApiState) -> None:
    """OperatorsOnlyError for a closed route to who may not; CsrfError for an unsafe request that a page did not make.

    A demo without tokens is open for reading, but for its audit trail.
    """
    path = connection.scope["route"].path
    method = connection.scope.get("method", "GET")
    if path in PUBLIC and method in (*_SAFE, "POST"):
        return
    who = await known(connection, state)
    if method not in _SAFE:
        _require_own_page(connection, who)
    if path in PUBLIC or (state.settings.open_reads and method in _SAFE and not path.startswith(AUDIT)):
        return
    city = connection.path_params.get("city") or connection.query_params.get("city")
    role = next(role for prefix, role in _CLOSED if path.startswith(prefix))
    if who is None or not allowed(who.grants, role, city):
        raise OperatorsOnlyError
    if method not in _SAFE or path.startswith(_AUDITED):
        action: audit.Action = "read" if method in _SAFE else "did"
        await audit.note(state, connection, who.name, action, f"{method} {connection.url.path}", city)


async def known(connection: HTTPConnection, state: State) -> Who | None:
    """Whoever asks, by a bearer token or the session's cookie."""
    scheme, _, given = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _by_token(given.strip(), state.settings)
    cookie = connection.cookies.get(COOKIE)
    return await signed_in(state.engine, cookie, state.clock()) if cookie else None


def _by_token(given: str, settings: ApiSettings) -> Who | None:
    tokens: tuple[tuple[SecretStr, str, Role], ...] = (
        (settings.api_operator_token, OPERATORS_TOKEN, "administrator"),
        (settings.api_exporter_token, EXPORTERS_TOKEN, "exporter"),
        (settings.api_evaluator_token, EVALUATORS_TOKEN, "evaluator"),
    )
    found = None
    for token, name, role in tokens:
        secret = token.get_secret_value()
        if hmac.compare_digest(given.encode(), secret.encode()) and secret:
            found = Who(name, frozenset({Grant(EVERYWHERE, role)}))
    return found


def _require_own_page(connection: HTTPConnection, who: Who | None) -> None:
    if not same_origin(connection):
        raise ForeignOriginError(origin=connection.headers.get("origin", "")[:200])
    if (
        who
        and who.csrf
        and not hmac.compare_digest(connection.headers.get(CSRF_HEADER, "").encode(), who.csrf.encode())
    ):
        raise CsrfError
