"""Signing in and out: a password of a local account, or an OpenID provider; the cookie and its CSRF token."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import HTTPConnection

from schemas.users import Grant, Role
from services.api import accounts, audit, sessions
from services.api.access import known
from services.api.errors import (
    ForeignOriginError,
    NoProviderError,
    ProviderRefusedError,
    SignInRefusedError,
    TooManyAttemptsError,
    UnknownUserError,
)
from services.api.oidc import OidcError, Started
from services.api.origins import same_origin
from services.api.passwords import MOST
from services.api.sessions import COOKIE
from services.api.state import ApiState, State

router = APIRouter(prefix="/api/v1/session", tags=["session"])
OIDC_COOKIE: Final = "ahual_oidc"
OIDC_PATH: Final = "/api/v1/session/oidc"
OIDC_LIFE: Final = timedelta(minutes=10)
_EXAMPLE: Final[dict[str, Any]] = {
    "user": "aigul",
    "roles": [{"city": "karaganda", "role": "operator"}],
    "csrf": "nF2c…",
    "expires_at": "2026-11-23T06:00:00Z",
    "password": True,
    "provider": None,
    "open_reads": False,
}


class RoleIn(BaseModel):
    """A role in a city; `*` is every city."""

    city: str
    role: Role


class Session(BaseModel):
    """Who asks, what they may do, and how one signs in here."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})
    user: str | None = Field(description="null: nobody is signed in")
    roles: list[RoleIn]
    csrf: str | None = Field(description="what requests that change something must show as X-CSRF-Token")
    expires_at: datetime | None
    password: bool = Field(description="local accounts sign in here with a password")
    provider: str | None = Field(description="where to go to sign in at the OpenID provider; null: there is none")
    open_reads: bool = Field(description="a demo: everything may be read without signing in")


class Credentials(BaseModel):
    """Of a local account."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"name": "aigul", "password": "…"}})
    name: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=MOST)]


@router.get("")
async def session(request: Request, state: ApiState, response: Response) -> Session:
    """Who asks. Never cached."""
    response.headers["Cache-Control"] = "no-store"
    return _shown(state, await known(request, state))


@router.post("")
async def sign_in(given: Credentials, request: Request, state: ApiState, response: Response) -> Session:
    """Sign a local account in. After five refusals of a name (or thirty of an address) within five minutes: 429."""
    response.headers["Cache-Control"] = "no-store"
    if not same_origin(request):
        raise ForeignOriginError(origin=request.headers.get("origin", "")[:200])
    now, address = state.clock(), audit.address_of(request) or ""
    wait = state.attempts.wait_s(given.name, address, now)
    if wait:
        raise TooManyAttemptsError(seconds=round(wait) + 1)
    # Counted before it is checked, so that attempts side by side are not more than attempts in a row.
    state.attempts.refused(given.name, address, now)
    account = await accounts.find(state.engine, given.name)
    stored = account.password_hash if account and account.disabled_at is None else None
    if not await state.passwords.right(given.password, stored):
        await audit.note(state, request, given.name, "sign_in_refused", "password")
        raise SignInRefusedError
    state.attempts.forget(given.name)
    return await _open(state, request, response, given.name)


@router.delete("", status_code=204)
async def sign_out(request: Request, state: ApiState) -> Response:
    """End the session; without one nothing happens."""
    answer = Response(status_code=204, headers={"Cache-Control": "no-store"})
    cookie = request.cookies.get(COOKIE)
    who = await known(request, state)
    if cookie and who:
        await sessions.close_session(state.engine, cookie)
        await audit.note(state, request, who.name, "signed_out", "")
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=_secure(request, state))
    return answer


@router.get("/oidc", status_code=303, response_class=RedirectResponse, response_model=None)
async def to_provider(request: Request, state: ApiState) -> Response:
    """Go to the OpenID provider: authorization code with PKCE."""
    if state.oidc is None:
        raise NoProviderError
    try:
        started = await state.oidc.start(_callback(request, state))
    except OidcError as error:
        raise ProviderRefusedError(problem=error.problem) from error
    answer = RedirectResponse(started.url, status_code=303, headers={"Cache-Control": "no-store"})
    kept = base64.urlsafe_b64encode(json.dumps(started._asdict()).encode()).decode()
    life = int(OIDC_LIFE.total_seconds())
    secure = _secure(request, state)
    answer.set_cookie(OIDC_COOKIE, kept, max_age=life, path=OIDC_PATH, httponly=True, samesite="lax", secure=secure)
    return answer


@router.get("/oidc/callback", status_code=303, response_class=RedirectResponse, response_model=None)
async def from_provider(
    request: Request,
    state: ApiState,
    code: Annotated[str, Query(max_length=4096)] = "",
    back: Annotated[str, Query(alias="state", max_length=200)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Come back from the provider: whoever it names and `ahual user add` knows is signed in."""
    if state.oidc is None:
        raise NoProviderError
    started = _started(request)
    if started is None or not code or back != started.state:
        raise ProviderRefusedError(problem=error or "state")
    try:
        person = await state.oidc.finish(started, code, _callback(request, state), state.clock())
    except OidcError as failed:
        await audit.note(state, request, "?", "sign_in_refused", f"provider: {failed.problem}")
        raise ProviderRefusedError(problem=failed.problem) from failed
    account = await accounts.find(state.engine, person.name)
    if account is None or account.disabled_at or account.subject not in (None, person.subject):
        await audit.note(state, request, person.name, "sign_in_refused", "unknown at the provider's word")
        raise UnknownUserError(name=person.name[:100])
    if account.subject is None:
        await accounts.bind_subject(state.engine, person.name, person.subject)
    answer = RedirectResponse("/", status_code=303, headers={"Cache-Control": "no-store"})
    answer.delete_cookie(OIDC_COOKIE, path=OIDC_PATH)
    await _open(state, request, answer, person.name)
    return answer


def _started(request: Request) -> Started | None:
    try:
        return Started(**json.loads(base64.urlsafe_b64decode(request.cookies.get(OIDC_COOKIE, ""))))
    except (ValueError, TypeError):
        return None


async def _open(state: State, request: Request, answer: Response, name: str) -> Session:
    life = timedelta(hours=state.settings.api_session_h)
    opened = await sessions.open_session(state.engine, name, state.clock(), life)
    answer.set_cookie(
        COOKIE,
        opened.cookie,
        max_age=int(life.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=_secure(request, state),
    )
    await audit.note(state, request, name, "signed_in", "")
    account = await accounts.find(state.engine, name)
    grants = account.grants if account else frozenset()
    return _shown(state, sessions.Who(name, grants, opened.csrf, opened.expires_at))


def _shown(state: State, who: sessions.Who | None) -> Session:
    grants: list[Grant] = sorted(who.grants) if who else []
    return Session(
        user=who.name if who else None,
        roles=[RoleIn(city=grant.city, role=grant.role) for grant in grants],
        csrf=who.csrf if who else None,
        expires_at=who.expires_at if who else None,
        password=True,
        provider=OIDC_PATH if state.oidc else None,
        open_reads=state.settings.open_reads,
    )


def _secure(connection: HTTPConnection, state: State) -> bool:
    """Outside the demo cookies travel over TLS only."""
    return connection.url.scheme in ("https", "wss") or not state.settings.allow_plaintext


def _callback(request: Request, state: State) -> str:
    own: Any = state.settings.api_public_url or str(request.base_url)
    return str(own).rstrip("/") + f"{OIDC_PATH}/callback"
