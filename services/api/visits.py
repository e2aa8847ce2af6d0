"""The two addresses that a person's browser goes to itself: what it carries there and back, and how it is told."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Final

from fastapi.responses import RedirectResponse, Response
from starlette.requests import HTTPConnection

from services.api.oidc import Started

SIGN_ON: Final = "/api/v1/session/oidc"
LIFE: Final = timedelta(minutes=10)
"""Longer nobody takes to sign in at the provider."""
_STARTED: Final = "ahual_oidc"
_AGAIN: Final = "ahual_oidc_again"


def visited(connection: HTTPConnection) -> bool:
    """Whether a person's browser goes there; programs do not ask for HTML."""
    return connection.url.path.startswith(SIGN_ON) and "text/html" in connection.headers.get("accept", "")


def told(connection: HTTPConnection, code: str) -> Response:
    """Back to the dashboard, which says what `code`, one of our problems, means and what to do about it."""
    answer = RedirectResponse(f"/?sign_in={code}", status_code=303, headers={"Cache-Control": "no-store"})
    answer.delete_cookie(_STARTED, path=SIGN_ON)
    ask_again(answer, secure=connection.url.scheme == "https")
    return answer


def remember(answer: Response, started: Started, *, secure: bool) -> None:
    """Let the browser bring back what it leaves with; one sign-in at a time."""
    kept = base64.urlsafe_b64encode(json.dumps(started._asdict()).encode()).decode()
    life = int(LIFE.total_seconds())
    answer.set_cookie(_STARTED, kept, max_age=life, path=SIGN_ON, httponly=True, samesite="lax", secure=secure)


def started(connection: HTTPConnection) -> Started | None:
    """What it left with; None when it did not, too long ago, or brings something else."""
    try:
        return Started(**json.loads(base64.urlsafe_b64decode(connection.cookies.get(_STARTED, ""))))
    except (ValueError, TypeError):
        return None


def ask_again(answer: Response, *, secure: bool) -> None:
    """At the next sign-in of this browser the provider asks who it is, even if it remembers somebody."""
    answer.set_cookie(_AGAIN, "1", path=SIGN_ON, httponly=True, samesite="lax", secure=secure)


def asks_again(connection: HTTPConnection) -> bool:
    """Whether somebody signed out or failed here before."""
    return _AGAIN in connection.cookies


def forget(answer: Response) -> None:
    """The sign-in succeeded."""
    answer.delete_cookie(_STARTED, path=SIGN_ON)
    answer.delete_cookie(_AGAIN, path=SIGN_ON)
