"""Around every request: what is counted and what every answer carries. Pure ASGI, so that streams stay streams."""

from __future__ import annotations

import time
from hashlib import blake2b
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.runtime.metrics import Metrics

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class SecurityHeaders:
    """Adds `HEADERS` to every HTTP answer; pages may fetch from `tiles` too, the one other origin there can be."""

    def __init__(self, app: ASGIApp, tiles: str = "") -> None:
        self.app = app
        policy = HEADERS["Content-Security-Policy"]
        self._headers = (
            HEADERS | {"Content-Security-Policy": f"{policy}; connect-src 'self' {tiles}"} if tiles else HEADERS
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


class Conditional:
    """Gives whole JSON answers to GET an ETag of their content, and 304 to who has it; an ETag of its own stays."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        held: Message | None = None

        async def tagging(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start" and _untagged(message):
                held = message
                return
            if held is not None:
                started, held = held, None
                if not message.get("more_body"):
                    message = _tagged(started, message, Headers(scope=scope).get("if-none-match", ""))
                await send(started)
            await send(message)

        await self.app(scope, receive, tagging)


def _untagged(message: Message) -> bool:
    headers = Headers(raw=message["headers"])
    plain = headers.get("content-type", "").startswith("application/json")
    kept = "no-store" not in headers.get("cache-control", "")
    return message["status"] == HTTPStatus.OK and plain and kept and "etag" not in headers


def _tagged(started: Message, body: Message, known: str) -> Message:
    """Mark the start of an answer; its body, or none for who has it already."""
    etag = f'W/"{blake2b(body.get("body", b""), digest_size=12).hexdigest()}"'
    headers = MutableHeaders(raw=started["headers"])
    headers["ETag"] = etag
    headers.setdefault("Cache-Control", "no-cache")
    if etag not in known:
        return body
    started["status"] = int(HTTPStatus.NOT_MODIFIED)
    del headers["content-length"]
    return {**body, "body": b""}


class RequestMetrics:
    """Counts requests by route template and status, and times those that are not streams."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self._requests = metrics.counter("ahual_api_requests_total")
        self._seconds = metrics.histogram("ahual_api_request_seconds")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, streams, began = 500, False, time.perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status, streams
            if message["type"] == "http.response.start":
                status = message["status"]
                kind = next((value for name, value in message["headers"] if name.lower() == b"content-type"), b"")
                streams = kind.startswith(b"text/event-stream")
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            route = _template(scope)
            self._requests.labels(route, str(status)).inc()
            if not streams:
                self._seconds.labels(route).observe(time.perf_counter() - began)


def _template(scope: Scope) -> str:
    """The route's path with its placeholders; one label for whatever no route answers."""
    return getattr(scope.get("route"), "path", None) or "(none)"
