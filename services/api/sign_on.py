"""Single sign-on: to the OpenID provider and back, whoever it names being signed in as `ahual user add` knows them."""

from __future__ import annotations

import hmac
import logging
import re
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from services.api import accounts, audit, visits
from services.api.errors import (
    ApiError,
    NoProviderError,
    ProviderAwayError,
    ProviderRefusedError,
    SignOnCancelledError,
    SignOnExpiredError,
    UnknownUserError,
)
from services.api.language import spoken
from services.api.oidc import OidcError, Person, Provider, Started
from services.api.session import admit, secure
from services.api.state import ApiState, State

log = logging.getLogger(__name__)
router = APIRouter(prefix=visits.SIGN_ON, tags=["session"])
_CODE: Final = re.compile(r"[a-z_]{1,60}")
"""What an error of OAuth 2.0 (RFC 6749, 4.1.2.1) or OpenID Connect (3.1.2.6) looks like; nothing else is repeated."""
_CANCELLED: Final = ("access_denied", "consent_required", "interaction_required", "login_required")
_AWAY: Final = ("server_error", "temporarily_unavailable")


@router.get("", status_code=303, response_class=RedirectResponse, response_model=None)
async def to_provider(request: Request, state: ApiState) -> Response:
    """Go to the OpenID provider: authorization code with PKCE. It speaks `?lang=`, if it can."""
    provider, callback = _provider(state), _callback(request, state)
    try:
        started = await provider.start(callback, spoken(request), again=visits.asks_again(request))
    except OidcError as error:
        raise _refusal(error) from error
    answer = RedirectResponse(started.url, status_code=303, headers={"Cache-Control": "no-store"})
    visits.remember(answer, started, secure=secure(request, state))
    return answer


@router.get("/callback", status_code=303, response_class=RedirectResponse, response_model=None)
async def from_provider(
    request: Request,
    state: ApiState,
    code: Annotated[str, Query(max_length=4096)] = "",
    back: Annotated[str, Query(alias="state", max_length=200)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Come back from the provider: whoever it names and `ahual user add` knows is signed in."""
    provider, started = _provider(state), visits.started(request)
    if started is None or not hmac.compare_digest(back.encode(), started.state.encode()):
        raise SignOnExpiredError
    try:
        person = await _person(provider, started, code, error, request, state)
    except OidcError as failed:
        await audit.note(state, request, "?", "sign_in_refused", f"provider: {failed.problem}")
        raise _refusal(failed) from failed
    await _known(person, request, state)
    answer = RedirectResponse("/", status_code=303, headers={"Cache-Control": "no-store"})
    visits.forget(answer)
    await admit(state, request, answer, person.name)
    return answer


async def _person(
    provider: Provider, started: Started, code: str, error: str, request: Request, state: State
) -> Person:
    if error or not code:
        raise OidcError(error if _CODE.fullmatch(error) else "code", away=error in _AWAY)
    return await provider.finish(started, code, _callback(request, state), state.clock())


async def _known(person: Person, request: Request, state: State) -> None:
    """Raises UnknownUserError for who has no account here, or whose name belongs to somebody else."""
    account = await accounts.find(state.engine, person.name)
    if account is None or account.disabled_at or account.subject not in (None, person.subject):
        await audit.note(state, request, person.name, "sign_in_refused", "unknown at the provider's word")
        raise UnknownUserError(name=person.name[:100])
    if account.subject is None:
        await accounts.bind_subject(state.engine, person.name, person.subject)


def _refusal(error: OidcError) -> ApiError:
    log.warning("single sign-on failed", extra={"problem": error.problem})
    if error.problem in _CANCELLED:
        return SignOnCancelledError()
    return (ProviderAwayError if error.away else ProviderRefusedError)(problem=error.problem)


def _provider(state: State) -> Provider:
    if state.oidc is None:
        raise NoProviderError
    return state.oidc


def _callback(request: Request, state: State) -> str:
    own = state.settings.api_public_url or str(request.base_url)
    return f"{own.rstrip('/')}{visits.SIGN_ON}/callback"
