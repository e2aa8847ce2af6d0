"""Live push of one city's score: WebSocket, and server-sent events where a WebSocket cannot pass."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, WebSocket
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from schemas.live import EndReason, LiveMessage
from services.api.cities import require_city
from services.api.errors import ApiError, ForeignOriginError, domain_problem, problem
from services.api.hub import Followed
from services.api.origins import same_origin
from services.api.state import ApiState, State
from services.api.stream import Message, end, pump
from services.runtime.database import DATABASE_ERRORS

router = APIRouter(prefix="/api/v1/cities/{city}", tags=["live"])
RETRY_MS = 2000
_CLOSE_CODES: dict[EndReason, int] = {"life": 1001, "shutdown": 1001, "stalled": 1013}

After = Annotated[int | None, Query(description="The revision the reader holds; a newer one is sent whole")]


@router.websocket("/live")
async def live(websocket: WebSocket, city: str, state: ApiState, after: After = None) -> None:
    """See docs/api.md; a refused opening is answered with problem details."""
    async with AsyncExitStack() as open_for:
        try:
            _same_origin(websocket)
            await require_city(state, city)
            followed = await open_for.enter_async_context(opened(state, city, "websocket"))
        except ApiError as error:
            answering = websocket.send_denial_response(domain_problem(websocket, error))
        except DATABASE_ERRORS:
            answering = websocket.send_denial_response(problem(websocket, 503, "database_unavailable"))
        else:
            answering = _converse(websocket, state, followed, after)
        with suppress(OSError, WebSocketDisconnect):  # the reader, or the server itself, is gone meanwhile
            await answering


class EventStream(Response):
    """The same messages as server-sent events; `id` is the revision, so a browser resumes by itself."""

    media_type = "text/event-stream"

    def __init__(self, state: State, city: str, after: int | None) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._state, self._city, self._after = state, city, after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def write(message: Message) -> None:
            await send({"type": "http.response.body", "body": as_event(message), "more_body": True})

        async with opened(self._state, self._city, "sse") as followed:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": b"retry: %d\n\n" % RETRY_MS, "more_body": True})
            reason = await _first(pump(self._state, followed, write, self._after), _disconnected(receive))
            if reason is not None and reason != "stalled":
                await write(end(reason))
                await send({"type": "http.response.body", "body": b"", "more_body": False})


@router.get(
    "/events",
    status_code=200,
    response_class=EventStream,
    response_model=None,
    responses={200: {"model": LiveMessage, "description": "Endless `text/event-stream`; each `data` is one of these"}},
)
async def events(
    city: str,
    state: ApiState,
    after: After = None,
    last_event_id: Annotated[str | None, Header(description="Set by browsers on reconnect; wins over `after`")] = None,
) -> EventStream:
    """Server-sent events: `snapshot`, then `change`, `heartbeat` and at last `end`."""
    await require_city(state, city)
    resumed = int(last_event_id) if last_event_id and last_event_id.isdecimal() else after
    return EventStream(state, city, resumed)


@asynccontextmanager
async def opened(state: State, city: str, kind: str) -> AsyncIterator[Followed]:
    """Follow a city, counted in the metrics for exactly as long as the stream is open."""
    gauge = state.metrics.gauge("ahual_api_streams").labels(kind)
    async with state.hub.follow(city) as followed:
        gauge.inc()
        try:
            yield followed
        finally:
            gauge.dec()


def as_event(message: Message) -> bytes:
    """The lines of one server-sent event."""
    marker = "" if message.revision is None else f"id: {message.revision}\n"
    return f"{marker}event: {message.kind}\ndata: {message.text}\n\n".encode()


def _same_origin(websocket: WebSocket) -> None:
    """Browsers do not hold WebSockets to their own site, so we do. Programs send no Origin."""
    origin = websocket.headers.get("origin")
    if not same_origin(websocket):
        raise ForeignOriginError(origin=(origin or "")[:200])


def _sender(websocket: WebSocket) -> Any:
    async def send(message: Message) -> None:
        await websocket.send_text(message.text)

    return send


async def _converse(websocket: WebSocket, state: State, followed: Followed, after: int | None) -> None:
    await websocket.accept()
    reason = await _first(pump(state, followed, _sender(websocket), after), _drained(websocket))
    if reason is not None:
        if reason != "stalled":
            await websocket.send_text(end(reason).text)
        await websocket.close(_CLOSE_CODES[reason], reason)


async def _first(pumping: Coroutine[Any, Any, EndReason], gone: Coroutine[Any, Any, None]) -> EndReason | None:
    """Run both until one is done: the reason why the pump ended, or None when the reader left."""
    pump_task, gone_task = asyncio.ensure_future(pumping), asyncio.ensure_future(gone)
    try:
        await asyncio.wait({pump_task, gone_task}, return_when=asyncio.FIRST_COMPLETED)
        return pump_task.result() if pump_task.done() else None
    finally:
        await _cancelled(pump_task, gone_task)


async def _cancelled(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _drained(websocket: WebSocket) -> None:
    """Read and ignore what the reader says, until it leaves."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
