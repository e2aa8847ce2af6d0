"""Refused requests as RFC 9457 problem details, in the language asked for."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request

from services.runtime.accept_language import preferred
from services.runtime.messages import Language, text

STATUS: Final = {
    "no_key": HTTPStatus.UNAUTHORIZED,
    "unknown_key": HTTPStatus.UNAUTHORIZED,
    "revoked_key": HTTPStatus.FORBIDDEN,
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "too_many": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "media_type": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "over_quota": HTTPStatus.TOO_MANY_REQUESTS,
    "keys_unread": HTTPStatus.SERVICE_UNAVAILABLE,
    "overloaded": HTTPStatus.SERVICE_UNAVAILABLE,
    "unconfirmed": HTTPStatus.SERVICE_UNAVAILABLE,
}
"""Every reason to refuse a request as a whole."""


class RequestRefusedError(Exception):
    """A request is refused as a whole; `code` is one of `STATUS`."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params


def spoken(request: Request) -> Language:
    """The language to answer a request in."""
    return preferred(request.headers.get("accept-language", ""))


def _problem(
    request: Request, status: int, code: str, title: str, detail: str, lang: Language, retry_after_s: object = 1
) -> JSONResponse:
    headers = {"Content-Language": lang, "Cache-Control": "no-store"}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="ahual"'
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "2"
    elif status == HTTPStatus.TOO_MANY_REQUESTS:
        headers["Retry-After"] = str(retry_after_s)
    body = {
        "type": f"urn:ahual:problem:{code}",
        "title": title,
        "status": int(status),
        "detail": detail,
        "instance": request.url.path,
    }
    return JSONResponse(body, status, headers, media_type="application/problem+json")


async def on_refused(request: Request, error: Exception) -> JSONResponse:
    """The answer to a refused request."""
    if not isinstance(error, RequestRefusedError):
        raise error
    lang = spoken(request)
    title = text(f"ingest.problem_{error.code}", lang)
    detail = text(f"ingest.problem_{error.code}_detail", lang, **error.params)
    return _problem(request, STATUS[error.code], error.code, title, detail, lang, error.params.get("seconds", 1))


async def on_http_error(request: Request, error: Exception) -> JSONResponse:
    """The answer to an unknown path or method."""
    if not isinstance(error, HTTPException):
        raise error
    title = HTTPStatus(error.status_code).phrase
    return _problem(request, error.status_code, "http", title, str(error.detail), "en")
