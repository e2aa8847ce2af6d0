"""Signing in with a local account's password, and out; the cookie and its CSRF token. Single sign-on: `sign_on.py`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import HTTPConnection

from schemas.users import Grant, Role
from services.api import accounts, audit, sessions, visits
from services.api.access import known
from services.api.errors import ForeignOriginError, SignInRefusedError, TooManyAttemptsError
from services.api.origins import same_origin
from services.api.passwords import MOST
from services.api.sessions import COOKIE
from services.api.state import ApiState, State

router = APIRouter(prefix="/api/v1/session", tags=["session"])
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
    return await admit(state, request, response, given.name)


@router.delete("", status_code=204)
async def sign_out(request: Request, state: ApiState) -> Response:
    """End the session; without one nothing happens."""
    answer = Response(status_code=204, headers={"Cache-Control": "no-store"})
    cookie = request.cookies.get(COOKIE)
    who = await known(request, state)
    if cookie and who:
        await sessions.close_session(state.engine, cookie)
        await audit.note(state, request, who.name, "signed_out", "")
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=secure(request, state))
    if state.oidc:
        visits.ask_again(answer, secure=secure(request, state))
    return answer


async def admit(state: State, request: Request, answer: Response, name: str) -> Session:
    """Open a session for somebody who has shown who they are."""
    life = timedelta(hours=state.settings.api_session_h)
    opened = await sessions.open_session(state.engine, name, state.clock(), life)
    answer.set_cookie(
        COOKIE,
        opened.cookie,
        max_age=int(life.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=secure(request, state),
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
        provider=visits.SIGN_ON if state.oidc else None,
        open_reads=state.settings.open_reads,
    )


def secure(connection: HTTPConnection, state: State) -> bool:
    """Outside the demo cookies travel over TLS only."""
    return connection.url.scheme in ("https", "wss") or not state.settings.allow_plaintext
