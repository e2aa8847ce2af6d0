"""The HTTP intake for departmental systems: `POST /v1/events`, an answer per event, accepted only what Kafka has."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from time import monotonic
from typing import Any, Final

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import Request

from schemas.dead_letter import Reason
from schemas.identity import Identity
from services.ingest import syntax
from services.ingest.errors import RejectedError, UnconfirmedError
from services.ingest.files.reading import FileError
from services.ingest.files.rows import Terms
from services.ingest.files.telling import of_file
from services.ingest.files.templates import workbook
from services.ingest.files.upload import XLSX, batched, file_answer, files_openapi, take_file
from services.ingest.forwarder import Forwarder
from services.ingest.gateway import Gateway
from services.ingest.keys import KeyRing
from services.ingest.privacy import Privacy
from services.ingest.problems import RequestRefusedError, on_http_error, on_refused, spoken
from services.ingest.pseudonyms import Pseudonyms
from services.ingest.quota import Quota
from services.ingest.records import outgoing
from services.ingest.settings import IngestSettings
from services.ingest.validation import NO_KEYS, Accepted, Limits, Outcome, Rejected, accept_item, any_source_of
from services.runtime.clock import Clock
from services.runtime.messages import Language, text
from services.runtime.metrics import Metrics

SINGLE: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
TOPIC: Final = "http"
"""What dead letters of this way name as their topic."""
FILE_PART: Final = 5000
"""Events of a file that are handed to Kafka together."""
ITEMS_PER_TURN: Final = 200
"""Validated at once before the loop turns to others."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What the endpoints need."""

    settings: IngestSettings
    forwarder: Forwarder
    gateway: Gateway
    keys: KeyRing
    clock: Clock
    metrics: Metrics
    quota: Quota
    privacy: Privacy
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)


def create_app(intake: Intake) -> FastAPI:
    """The intake's web application."""
    app = FastAPI(title="Ahual intake", version="1", docs_url=None, redoc_url=None)
    app.add_exception_handler(RequestRefusedError, on_refused)
    app.add_exception_handler(HTTPException, on_http_error)

    @app.post("/v1/events", summary="Take in events", openapi_extra=_OPENAPI)
    async def events(request: Request) -> JSONResponse:
        return await _take(intake, request)

    @app.post("/v1/files", summary="Take in a table (CSV or XLSX)", openapi_extra=files_openapi())
    async def files(request: Request, name: str = "", *, check: bool = False) -> JSONResponse:
        return await _take_file(intake, request, name, check=check)

    @app.get(
        "/v1/files/template.xlsx",
        summary="The empty tables of the key's system",
        response_class=Response,
        responses={200: {"content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}, **_KEYLESS},
        openapi_extra={"security": [{"bearer": []}]},
    )
    async def template(request: Request) -> Response:
        department = _authenticate(intake, request)
        return Response(await asyncio.to_thread(workbook, department.system, spoken(request)), media_type=XLSX)

    @app.get("/healthz", summary="The process runs")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", summary="MQTT broker, Kafka and API keys are there")
    async def readyz() -> JSONResponse:
        parts = {
            "mqtt": intake.gateway.connected,
            "kafka": intake.forwarder.healthy,
            "keys": intake.keys.loaded,
        }
        return JSONResponse({"ready": all(parts.values()), **parts}, 200 if all(parts.values()) else 503)

    return app


async def _take(intake: Intake, request: Request) -> JSONResponse:
    department = _authenticate(intake, request)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in (SINGLE, BATCH):
        raise RequestRefusedError("media_type", given=media_type or "—", single=SINGLE, batch=BATCH)
    body = await _read(request, intake.settings.ingest_max_body_bytes)
    if not intake.quota.take(department, len(body), monotonic()):
        raise RequestRefusedError("over_quota", seconds=ceil(intake.quota.wait_s(department, len(body))))
    intake.metrics.counter("ahual_ingest_messages_total").labels(TOPIC).inc()
    limits, most = intake.settings.limits, intake.settings.ingest_max_body_bytes
    pseudonyms, batch = intake.privacy.pseudonyms, media_type == BATCH
    results = await outcomes(department, body, intake.clock(), limits, most, pseudonyms, batch=batch)
    await _forward(intake, department, results)
    return _answer(results, spoken(request))


async def _take_file(intake: Intake, request: Request, name: str, *, check: bool) -> JSONResponse:
    department = _authenticate(intake, request)
    body = await _read(request, intake.settings.ingest_max_body_bytes)
    if not intake.quota.take(department, len(body), monotonic()):
        raise RequestRefusedError("over_quota", seconds=ceil(intake.quota.wait_s(department, len(body))))
    terms = Terms(department, intake.clock(), intake.settings.limits, intake.privacy.pseudonyms)
    lang = spoken(request)
    try:
        # One file at a time, beside the loop: a large workbook takes seconds to read.
        async with intake.reading:
            taken = await asyncio.to_thread(take_file, body, name, terms)
    except FileError as error:
        return file_answer(None, lang, check=check, message=of_file(error, lang))
    if not check and not taken.problems:
        for part in batched(taken.events, FILE_PART):
            await _forward(intake, department, list(part))
    return file_answer(taken, lang, check=check)


def _authenticate(intake: Intake, request: Request) -> Identity:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    given = bearer.strip() if scheme.lower() == "bearer" else request.headers.get("x-api-key", "")
    if not given:
        raise RequestRefusedError("no_key")
    if not intake.keys.loaded:
        raise RequestRefusedError("keys_unread")
    now = intake.clock()
    stored = intake.keys.use(given, now)
    if stored is None:
        raise RequestRefusedError("unknown_key")
    if stored.ended(now):
        raise RequestRefusedError("revoked_key")
    return stored.department


async def _read(request: Request, limit: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared) > limit:
        raise RequestRefusedError("too_large", limit=limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise RequestRefusedError("too_large", limit=limit)
    return bytes(body)


async def outcomes(
    department: Identity,
    body: bytes,
    now: datetime,
    limits: Limits,
    max_body: int,
    pseudonyms: Pseudonyms = NO_KEYS,
    *,
    batch: bool,
) -> list[Outcome]:
    """The outcome of each event of a request that came at `now`; RequestRefusedError for too many of them."""
    whose = any_source_of(department)
    if not batch:
        return [accept_item(department, body, None, now, limits, whose, pseudonyms)]
    try:
        syntax.require_text(body, max_body)
        items = syntax.split(body, limits.max_items)
    except RejectedError as error:
        if error.reason is Reason.OVERSIZED:
            raise RequestRefusedError("too_many", limit=limits.max_items) from error
        return [Rejected(error.reason, error.field, error.detail, body)]
    results: list[Outcome] = []
    for index, item in enumerate(items):
        if index % ITEMS_PER_TURN == 0:
            await asyncio.sleep(0)
        results.append(accept_item(department, item, index, now, limits, whose, pseudonyms))
    return results


async def _forward(intake: Intake, department: Identity, outcomes: list[Outcome]) -> None:
    if intake.forwarder.outstanding + len(outcomes) > intake.settings.ingest_max_waiting:
        raise RequestRefusedError("overloaded")
    now = intake.clock()
    sent = [outgoing(outcome, TOPIC, department, now, intake.privacy.sealer) for outcome in outcomes]
    seconds = intake.metrics.histogram("ahual_ingest_confirm_seconds")
    try:
        with seconds.time():
            await intake.forwarder.confirm(sent, intake.settings.ingest_confirm_timeout_s)
    except UnconfirmedError as error:
        raise RequestRefusedError("unconfirmed", seconds=intake.settings.ingest_confirm_timeout_s) from error
    rejections = intake.metrics.counter("ahual_ingest_rejected_total")
    for outcome in outcomes:
        if isinstance(outcome, Rejected):
            rejections.labels(outcome.reason.value).inc()
    accepted = sum(isinstance(outcome, Accepted) for outcome in outcomes)
    intake.metrics.counter("ahual_ingest_events_total").labels(TOPIC).inc(accepted)


def _answer(outcomes: list[Outcome], lang: Language) -> JSONResponse:
    accepted = sum(isinstance(outcome, Accepted) for outcome in outcomes)
    status = 200 if accepted == len(outcomes) else 207 if accepted else 422
    items = [_item(index, outcome, lang) for index, outcome in enumerate(outcomes)]
    body = {"accepted": accepted, "rejected": len(outcomes) - accepted, "items": items}
    return JSONResponse(body, status, {"Content-Language": lang, "Cache-Control": "no-store"})


def _item(index: int, outcome: Outcome, lang: Language) -> dict[str, Any]:
    if isinstance(outcome, Accepted):
        return {"index": index, "id": outcome.id, "status": "accepted"}
    return {
        "index": index,
        "id": outcome.id,
        "status": "rejected",
        "reason": outcome.reason.value,
        "field": outcome.field,
        "message": text(f"ingest.reason_{outcome.reason.value}", lang),
        "detail": outcome.detail,
    }


_EVENT: Final = {
    "type": "object",
    "required": ["specversion", "type", "data"],
    "example": {
        "specversion": "1.0",
        "type": "kz.ahual.contact-centre.call-answered.v1",
        "id": "call-1-answered",
        "time": "2026-03-02T09:00:05+05:00",
        "data": {
            "call": "call-1",
            "queue": "main",
            "queued_at": "2026-03-02T09:00:00+05:00",
            "answered_at": "2026-03-02T09:00:05+05:00",
        },
    },
}
_KEYLESS: Final[dict[int | str, dict[str, Any]]] = {
    401: {"description": "No key, or an unknown one"},
    403: {"description": "The key was revoked"},
    503: {"description": "The keys could not be read yet"},
}
_OPENAPI: Final[dict[str, Any]] = {
    "security": [{"bearer": []}],
    "requestBody": {
        "required": True,
        "content": {
            SINGLE: {"schema": _EVENT},
            BATCH: {"schema": {"type": "array", "items": _EVENT}},
        },
    },
    "responses": {
        "200": {"description": "All events accepted: Kafka has them"},
        "207": {"description": "Some accepted, some rejected: see each item"},
        "422": {"description": "None accepted: see each item"},
        "401": {"description": "No key, or an unknown one"},
        "403": {"description": "The key was revoked"},
        "413": {"description": "Body or batch too large"},
        "415": {"description": "Neither of the two CloudEvents media types"},
        "429": {"description": "Over the quota: nothing was taken; see Retry-After"},
        "503": {"description": "Kafka did not confirm: send again with the same ids"},
    },
}
