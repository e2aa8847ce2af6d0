"""What can go wrong, as RFC 9457 problem details in the reader's language.

ApiError
├── UnknownCityError        404
├── UnknownKpiError         404
├── NoScoreError            404  the city is known, its first score is not stored yet
├── NoSeriesError           422  the KPI is not a quotient of additive parts, or not bound to events yet
├── NoScoreThenError        404  nothing was stored by the instant that was asked for
├── UnboundKpiError         422  the KPI is not bound to events yet
├── AsOfError               422  as_of, known or year ask for what cannot be known
├── SeriesRangeError        422  from, to or resolution ask for nothing, too much or what is gone
├── SourceCursorError       422  `after` is not the `next` of a page
├── DeliveryCursorError     422  the same, of deliveries
├── NoDeliveryError         404  no such delivery, or no such file in it
├── UnknownLayerError       404
├── UnknownObjectError      404  the layer has no such object in this city
├── NoSchemeError           404  the city's network is not entered
├── MapTimeError            422  the map's past is not kept so long, or is yet to come
├── BboxError               422
├── TooManyStreamsError     503
├── OperatorsOnlyError      403  the route is not public
├── SignInRefusedError      403  name or password are wrong
├── UnknownUserError        403  the provider knows the person, we don't
├── TooManyAttemptsError    429
├── NoProviderError         404  no OpenID provider is set
├── SignOnExpiredError      400  who comes back from the provider did not leave from here, or too long ago
├── SignOnCancelledError    403  the person, or the provider, did not want to
├── ProviderRefusedError    502  the provider refuses us, or says what cannot be believed
├── ProviderAwayError       503  the provider does not answer
├── CsrfError               403  a change without the session's CSRF token
└── ForeignOriginError      403  another site's page opened a WebSocket or wants to change something
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request

from services.api import visits
from services.api.language import spoken
from services.runtime.database import DATABASE_ERRORS
from services.runtime.messages import MissingTextError, text

log = logging.getLogger(__name__)
_OURS = (ProgrammingError, DataError, IntegrityError)
"""Database errors that are mistakes of ours, not a database that is away: 500, with a traceback in the log."""


class Problem(BaseModel):
    """RFC 9457. `type` is stable, `title` and `detail` are in the language asked for."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "urn:ahual:problem:unknown_city",
                "title": "Unknown city",
                "status": 404,
                "detail": "There is no city with the code “atlantis”. GET /api/v1/cities lists them.",
                "instance": "/api/v1/cities/atlantis/cityscore",
            }
        }
    )
    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[dict[str, str]] | None = Field(default=None, description="422: each wrong input and what is wrong")


class ApiError(Exception):
    """A failure with a status, a stable `code` and the parameters of its text."""

    status: HTTPStatus
    code: str

    def __init__(self, **params: object) -> None:
        super().__init__(self.code, params)
        self.params = params


class UnknownCityError(ApiError):
    status, code = HTTPStatus.NOT_FOUND, "unknown_city"


class UnknownKpiError(ApiError):
    status, code = HTTPStatus.NOT_FOUND, "unknown_kpi"


class NoScoreError(ApiError):
    status, code = HTTPStatus.NOT_FOUND, "no_score"


class NoSeriesError(ApiError):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "no_series"


class SeriesRangeError(ApiError):
    """`code` is one of series_empty, series_long, series_gone."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        super().__init__(**params)


class DeliveryCursorError(ApiError):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "delivery_cursor"


class NoDeliveryError(ApiError):
    status, code = HTTPStatus.NOT_FOUND, "no_delivery"


class SourceCursorError(ApiError):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "source_cursor"


class NoScoreThenError(ApiError):
    status, code = HTTPStatus.NOT_FOUND, "no_score_then"


class UnboundKpiError(ApiError):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "unbound_kpi"


class AsOfError(ApiError):
    """`code` is one of as_of_future, known_without_as_of, year_future."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        super().__init__(**params)


class UnknownLayerError(ApiError):
    status, code = HTTPStatus.NOT_FOUND, "unknown_layer"


class UnknownObjectError(ApiError):
    status, code = HTTPStatus.NOT_FOUND, "unknown_object"


class NoSchemeError(ApiError):
    status, code = HTTPStatus.NOT_FOUND, "no_scheme"


class MapTimeError(ApiError):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "map_time"


class BboxError(ApiError):
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "bbox"


class TooManyStreamsError(ApiError):
    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "too_many_streams"


class OperatorsOnlyError(ApiError):
    status, code = HTTPStatus.FORBIDDEN, "operators_only"


class SignInRefusedError(ApiError):
    status, code = HTTPStatus.FORBIDDEN, "sign_in_refused"


class UnknownUserError(ApiError):
    status, code = HTTPStatus.FORBIDDEN, "unknown_user"


class TooManyAttemptsError(ApiError):
    status, code = HTTPStatus.TOO_MANY_REQUESTS, "too_many_attempts"


class NoProviderError(ApiError):
    status, code = HTTPStatus.NOT_FOUND, "no_provider"


class SignOnExpiredError(ApiError):
    status, code = HTTPStatus.BAD_REQUEST, "sign_on_expired"


class SignOnCancelledError(ApiError):
    status, code = HTTPStatus.FORBIDDEN, "sign_on_cancelled"


class ProviderAwayError(ApiError):
    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "provider_away"


class ProviderRefusedError(ApiError):
    status, code = HTTPStatus.BAD_GATEWAY, "provider_refused"


class CsrfError(ApiError):
    status, code = HTTPStatus.FORBIDDEN, "csrf"


class ForeignOriginError(ApiError):
    status, code = HTTPStatus.FORBIDDEN, "foreign_origin"


def problem(
    connection: HTTPConnection,
    status: int,
    code: str,
    *,
    params: Mapping[str, object] | None = None,
    errors: Sequence[Mapping[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer for one failure; `code` names its type and its texts `api.problem_{code}` and `…_detail`.

    Who signs in at a provider is no program: they are sent to the page, which says it.
    """
    if visits.visited(connection):
        return visits.told(connection, code)
    lang = spoken(connection)
    body: dict[str, object] = {
        "type": f"urn:ahual:problem:{code}",
        "title": text(f"api.problem_{code}", lang),
        "status": status,
        "detail": text(f"api.problem_{code}_detail", lang, **(params or {})),
        "instance": connection.url.path,
    }
    if errors is not None:
        body["errors"] = list(errors)
    return JSONResponse(
        body,
        status,
        media_type="application/problem+json",
        headers={"Content-Language": lang, "Vary": "Accept-Language", "Cache-Control": "no-store", **(headers or {})},
    )


def domain_problem(connection: HTTPConnection, error: ApiError) -> Response:
    """The answer for a failure of ours; the WebSocket endpoint refuses with it too."""
    headers = {"Retry-After": str(error.params["seconds"])} if isinstance(error, TooManyAttemptsError) else None
    return problem(connection, error.status, error.code, params=error.params, headers=headers)


async def _on_api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # noqa: S101 - registered for this class
    return domain_problem(request, error)


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    params = {"path": request.url.path, "method": request.method}
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
    return problem(request, error.status_code, code, params=params, headers=error.headers)


async def _on_invalid_input(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    lang = spoken(request)
    errors = [_input_error(item["type"], item["loc"], item["msg"], lang) for item in error.errors()]
    return problem(request, 422, "invalid_input", params={"count": len(errors)}, errors=errors)


def _input_error(kind: str, place: Sequence[object], message: str, lang: str) -> dict[str, str]:
    """One wrong input; the kinds our endpoints can meet are translated, another keeps the validator's English."""
    try:
        message = text(f"api.input_{kind}", lang)
    except MissingTextError:
        log.debug("no text for an input error", extra={"kind": kind})
    return {"in": ".".join(map(str, place)), "type": kind, "message": message}


async def _on_unavailable(request: Request, error: Exception) -> Response:
    if isinstance(error, _OURS):
        raise error
    log.warning("database unavailable", extra={"path": request.url.path, "reason": repr(error)})
    return problem(request, 503, "database_unavailable", headers={"Retry-After": "2"})


async def _on_crash(request: Request, _error: Exception) -> Response:
    return problem(request, 500, "internal")


def register(app: FastAPI) -> None:
    """Answer every failure with problem details."""
    app.add_exception_handler(ApiError, _on_api_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_input)
    for kind in DATABASE_ERRORS:
        app.add_exception_handler(kind, _on_unavailable)
    app.add_exception_handler(Exception, _on_crash)
