"""What one live stream says and when, whatever carries it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from schemas.live import EndReason
from services.api.hub import Followed, as_json
from services.api.snapshots import Stored
from services.api.state import State


@dataclass(frozen=True, slots=True)
class Message:
    """One message of `schemas/live.py` as JSON; `revision` where it brings the reader to one."""

    kind: str
    text: str
    revision: int | None = None


Send = Callable[[Message], Awaitable[None]]


async def pump(state: State, followed: Followed, send: Send, after: int | None) -> EndReason:
    """Send the snapshot, or the difference to it for who holds a recent revision (`after`), then differences and
    heartbeats, until the end."""
    settings, loop = state.settings, asyncio.get_running_loop()
    ends, beat = loop.time() + settings.api_stream_life_s, loop.time()
    seen = followed.at(after)
    if followed.stored and (seen is None or seen is not followed.stored):
        beat += settings.api_heartbeat_s
    while True:
        now, newest = loop.time(), followed.stored
        if state.stopping.is_set() or now >= ends:
            return "shutdown" if state.stopping.is_set() else "life"
        try:
            async with asyncio.timeout(settings.api_stall_s):
                if now >= beat:
                    await send(_heartbeat(state, seen))
                    beat = now + settings.api_heartbeat_s
                    continue
                if newest and (seen is None or newest.revision != seen.revision):
                    await send(_news(state, followed, seen, newest))
                    seen = newest
                    continue
        except TimeoutError:
            return "stalled"
        await followed.rung(min(beat, ends) - now)


def end(reason: EndReason) -> Message:
    """The last message."""
    return Message("end", as_json({"type": "end", "reason": reason}))


def _heartbeat(state: State, seen: Stored | None) -> Message:
    confirmed = state.hub.confirmed_at
    body = {
        "type": "heartbeat",
        "server_time": state.clock().isoformat(),
        "revision": seen and seen.revision,
        "confirmed_at": confirmed and confirmed.isoformat(),
    }
    return Message("heartbeat", as_json(body))


def _news(state: State, followed: Followed, seen: Stored | None, newest: Stored) -> Message:
    step = followed.step(seen, newest) if seen else None
    now = state.clock().isoformat()
    if step is not None:
        return Message("change", f'{{"type":"change","server_time":"{now}",{step[1:]}', newest.revision)
    head = as_json({"type": "snapshot", "revision": newest.revision, "server_time": now})
    return Message("snapshot", f'{head[:-1]},"snapshot":{newest.body}}}', newest.revision)
