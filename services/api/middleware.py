"""Around every request: what is counted and what every answer carries. Pure ASGI, so that streams stay streams."""

from __future__ import annotations

import time
from typing import Final

from starlette.datastructures import MutableHeaders
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
    """Adds `HEADERS` to every HTTP answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


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
