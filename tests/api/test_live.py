"""The live feed over real sockets: WebSocket and server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa
from pydantic import SecretStr, TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from schemas.live import LiveMessage
from tests.api.conftest import Api, running
from tests.api.samples import CITY, snapshot, store
from tests.waiting import eventually

pytestmark = pytest.mark.stack
MESSAGE: TypeAdapter[Any] = TypeAdapter(LiveMessage)
LIVE = f"/api/v1/cities/{CITY}/live"
EVENTS = f"/api/v1/cities/{CITY}/events"


async def receive(socket: ClientConnection, kind: str, within_s: float = 5.0) -> dict[str, Any]:
    """The next message of a kind; every message on the way must be of the contract."""
    async with asyncio.timeout(within_s):
        while True:
            raw = await socket.recv()
            MESSAGE.validate_json(raw)
            message: dict[str, Any] = json.loads(raw)
            if message["type"] == kind:
                return message


async def streams(api: Api, kind: str) -> float:
    counted = (await api.client.get("/metrics")).text
    return next(
        (
            float(line.split()[1])
            for line in counted.splitlines()
            if line.startswith(f'ahual_api_streams{{kind="{kind}"}}')
        ),
        0.0,
    )


async def test_snapshot_then_differences(api: Api, database: AsyncEngine) -> None:
    await store(database, snapshot(1))
    async with connect(api.ws + LIVE) as socket:
        first = await receive(socket, "snapshot")
        assert first["snapshot"] == snapshot(1).model_dump(mode="json")
        after = snapshot(2, k2_1=40.0)
        await store(database, after)
        change = await receive(socket, "change")
    assert (change["previous"], change["revision"]) == (1, 2)
    assert change["index"] == after.index
    assert set(change["kpis"]) == {"2.1"}
    assert set(change["sections"]) == {"city_management"}


async def test_a_moved_window_alone_is_no_change_of_a_kpi(api: Api, database: AsyncEngine) -> None:
    first = snapshot(1)
    await store(database, first)
    moved = {
        code: state.model_copy(update={"window": state.window.model_copy(update={"begin": first.computed_at})})
        for code, state in first.kpis.items()
    }
    async with connect(api.ws + LIVE) as socket:
        await receive(socket, "snapshot")
        await store(database, first.model_copy(update={"revision": 2, "kpis": moved}))
        assert (await receive(socket, "change"))["kpis"] == {}


async def test_heartbeats_say_that_the_database_confirmed_it(api: Api, database: AsyncEngine) -> None:
    await store(database, snapshot(5))
    async with connect(api.ws + LIVE) as socket:
        beats = [await receive(socket, "heartbeat") for _ in range(5)]
    assert [beat["revision"] for beat in beats] == [5] * 5
    confirmed = [beat["confirmed_at"] for beat in beats]
    assert confirmed == sorted(confirmed)
    assert confirmed[0] < confirmed[-1]


async def test_a_city_without_score_waits_for_its_first(api: Api, database: AsyncEngine) -> None:
    async with connect(api.ws + LIVE) as socket:
        assert (await receive(socket, "heartbeat"))["revision"] is None
        await store(database, snapshot(1))
        assert (await receive(socket, "snapshot"))["revision"] == 1


async def test_resume_sends_nothing_twice_and_all_when_behind(api: Api, database: AsyncEngine) -> None:
    await store(database, snapshot(4))
    async with connect(f"{api.ws}{LIVE}?after=4") as socket:
        assert json.loads(await socket.recv())["type"] == "heartbeat"
        await store(database, snapshot(5, k2_1=3.0))
        assert (await receive(socket, "change"))["previous"] == 4
    await store(database, snapshot(6, k2_1=2.0))
    async with connect(f"{api.ws}{LIVE}?after=4") as socket:
        missed = json.loads(await socket.recv())
        assert (missed["type"], missed["previous"]) == ("change", 4)
        assert set(missed["kpis"]) == {"2.1"}
    async with connect(f"{api.ws}{LIVE}?after=3") as socket:
        assert json.loads(await socket.recv())["type"] == "snapshot", "too long ago"


async def test_a_changed_bonus_or_a_restarted_count_sends_a_snapshot(api: Api, database: AsyncEngine) -> None:
    await store(database, snapshot(8))
    async with connect(api.ws + LIVE) as socket:
        await receive(socket, "snapshot")
        await store(database, snapshot(9, additional=2))
        assert (await receive(socket, "snapshot"))["revision"] == 9
        await store(database, snapshot(1, additional=2))
        assert (await receive(socket, "snapshot"))["revision"] == 1


async def test_a_lost_notice_is_made_up_for(api: Api, database: AsyncEngine) -> None:
    await store(database, snapshot(1))
    async with connect(api.ws + LIVE) as socket:
        await receive(socket, "snapshot")
        await store(database, snapshot(2, k2_1=2.0), notice=False)
        assert (await receive(socket, "change"))["revision"] == 2


async def test_broken_database_connections_heal(database: AsyncEngine, database_url: SecretStr) -> None:
    """Every connection of the API is cut while the score changes; the re-read is too slow to be what heals it."""
    async with running(database_url, heartbeat_s=0.3, recheck_s=600) as api:
        await store(database, snapshot(1))
        async with connect(api.ws + LIVE) as socket:
            await receive(socket, "snapshot")
            async with database.begin() as connection:
                cut = sa.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE usename = current_user AND pid <> pg_backend_pid() AND application_name <> 'tests'"
                )
                assert (await connection.execute(cut)).all()
            await store(database, snapshot(2, k2_1=2.0))
            assert (await receive(socket, "change", within_s=20))["revision"] == 2
        assert (await api.client.get(f"/api/v1/cities/{CITY}/cityscore")).json()["revision"] == 2


async def test_a_slow_reader_gets_the_newest_not_a_queue(database: AsyncEngine, database_url: SecretStr) -> None:
    """The reader sleeps while 300 whole snapshots pass, far more than sockets buffer: most are skipped."""
    async with running(database_url, heartbeat_s=0.2, stall_s=60) as api:
        await store(database, snapshot(1))
        reader, writer = await asyncio.open_connection("127.0.0.1", int(api.url.rpartition(":")[2]), limit=2**16)
        writer.write(f"GET {EVENTS} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await reader.readuntil(b"event: snapshot")
        async with connect(api.ws + LIVE) as quick:
            await receive(quick, "snapshot")
            for revision in range(2, 302):
                await store(database, snapshot(revision, additional=revision % 2))
                if revision % 50 == 0:
                    await eventually(lambda revision=revision: _reached(quick, revision))  # type: ignore[misc]
        received = 0
        async with asyncio.timeout(20):
            while True:
                line = await reader.readline()
                received += line.startswith(b"id: ")
                if line.startswith(b"id: 301"):
                    break
        writer.close()
    assert received < 250


async def _reached(socket: ClientConnection, revision: int) -> bool:
    return int((await receive(socket, "snapshot"))["revision"]) >= revision


async def test_a_reader_that_never_reads_is_let_go(database: AsyncEngine, database_url: SecretStr) -> None:
    async with running(database_url, heartbeat_s=0.2, stall_s=0.5) as api:
        await store(database, snapshot(1))
        _, writer = await asyncio.open_connection("127.0.0.1", int(api.url.rpartition(":")[2]), limit=2**12)
        writer.write(f"GET {EVENTS} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await eventually(lambda: _streams_are(api, "sse", 1))

        async def flooded() -> bool:
            revision = flooded.revision = getattr(flooded, "revision", 1) + 1  # type: ignore[attr-defined]
            await store(database, snapshot(revision, additional=revision % 2))
            return await streams(api, "sse") == 0

        await eventually(flooded, within_s=40)
        writer.close()


async def _streams_are(api: Api, kind: str, number: int) -> bool:
    return await streams(api, kind) == number


async def test_streams_are_counted_however_they_end(api: Api, database: AsyncEngine) -> None:
    await store(database, snapshot(1))
    async with connect(api.ws + LIVE) as first, connect(api.ws + LIVE):
        assert await streams(api, "websocket") == 2
        first.transport.abort()
        await eventually(lambda: _streams_are(api, "websocket", 1))
    await eventually(lambda: _streams_are(api, "websocket", 0))


async def test_life_is_capped_and_the_reason_said(database: AsyncEngine, database_url: SecretStr) -> None:
    async with running(database_url, stream_life_s=0.4) as api:
        await store(database, snapshot(1))
        async with connect(api.ws + LIVE) as socket:
            assert (await receive(socket, "end"))["reason"] == "life"
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1001, "life")


async def test_shutdown_ends_streams_at_once(database: AsyncEngine, database_url: SecretStr) -> None:
    async with running(database_url, heartbeat_s=60) as api:
        await store(database, snapshot(1))
        async with connect(api.ws + LIVE) as socket, sse(api) as events:
            await receive(socket, "snapshot")
            assert (await anext(events))["event"] == "snapshot"
            api.stop.set()
            assert (await receive(socket, "end", within_s=2))["reason"] == "shutdown"
            assert json.loads((await anext(events))["data"])["reason"] == "shutdown"


async def test_too_many_streams_are_refused(database: AsyncEngine, database_url: SecretStr) -> None:
    async with running(database_url, max_streams=1) as api, connect(api.ws + LIVE):
        with pytest.raises(InvalidStatus) as refused:
            await connect(api.ws + LIVE)
        assert refused.value.response.status_code == 503
        answer = await api.client.get(EVENTS)
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:ahual:problem:too_many_streams")


@pytest.mark.parametrize("path", [LIVE, "/api/v1/cities/atlantis/live"])
async def test_who_leaves_while_being_let_in_or_refused_is_no_failure(
    api: Api, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = (await api.client.get("/healthz")).status_code
    for _ in range(10):
        _, writer = await asyncio.open_connection("127.0.0.1", int(api.url.rpartition(":")[2]))
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {api.url.removeprefix('http://')}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        await writer.drain()
        writer.transport.abort()
    async with connect(api.ws + LIVE):
        await eventually(lambda: _open_streams(api, 1))
    await eventually(lambda: _open_streams(api, 0))
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
    assert (await api.client.get("/healthz")).status_code == before == 200


async def _open_streams(api: Api, wanted: int) -> bool:
    return await streams(api, "websocket") == wanted


@pytest.mark.parametrize(
    ("path", "origin", "status", "code"),
    [
        ("/api/v1/cities/atlantis/live", None, 404, "unknown_city"),
        (LIVE, "https://elsewhere.example", 403, "foreign_origin"),
    ],
)
async def test_refused_openings(api: Api, path: str, origin: str | None, status: int, code: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(api.ws + path, origin=origin)  # type: ignore[arg-type]
    assert refused.value.response.status_code == status
    assert json.loads(refused.value.response.body or b"{}")["type"] == f"urn:ahual:problem:{code}"


@asynccontextmanager
async def sse(api: Api, **headers: str) -> AsyncIterator[AsyncIterator[dict[str, str]]]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with api.client.stream("GET", EVENTS, headers=named) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _events(answer)


async def _events(answer: httpx2.Response) -> AsyncIterator[dict[str, str]]:
    event: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            event[name] = value
        elif "data" in event:
            MESSAGE.validate_json(event["data"])
            yield event
            event = {}


async def test_server_sent_events_say_the_same(api: Api, database: AsyncEngine) -> None:
    await store(database, snapshot(1))
    async with sse(api) as events:
        first = await anext(events)
        assert (first["event"], first["id"]) == ("snapshot", "1")
        await store(database, snapshot(2, k2_1=1.0))
        while (change := await anext(events))["event"] == "heartbeat":
            assert "id" not in change
    assert (change["event"], change["id"]) == ("change", "2")
    await eventually(lambda: _streams_are(api, "sse", 0))


async def test_server_sent_events_resume_by_themselves(api: Api, database: AsyncEngine) -> None:
    await store(database, snapshot(3))
    async with sse(api, Last_Event_ID="3") as events:
        assert (await anext(events))["event"] == "heartbeat"
    async with sse(api, Last_Event_ID="2") as events:
        assert (await anext(events))["event"] == "snapshot"


async def test_streams_hold_no_database_connection(database: AsyncEngine, database_url: SecretStr) -> None:
    async with running(database_url, pool_size=1, heartbeat_s=0.2) as api:
        await store(database, snapshot(1))
        sockets = [await connect(api.ws + LIVE) for _ in range(20)]
        for socket in sockets:
            await receive(socket, "snapshot")
        assert (await api.client.get(f"/api/v1/cities/{CITY}/cityscore")).status_code == 200
        for socket in sockets:
            await socket.close()
