"""What every answer carries: an ETag for whole JSON answers, and 304 for who has it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from services.api.middleware import Conditional
from tests.api.conftest import Api

SAID = {"value": 1.5, "padding": "x" * 2000}


async def _chunks() -> AsyncIterator[bytes]:
    yield b'{"a":'
    yield b"1}"


async def _answer(request: Request) -> Response:
    match request.path_params["kind"]:
        case "json":
            return JSONResponse({**SAID, "asked": request.url.query})
        case "kept":
            return JSONResponse(SAID, headers={"Cache-Control": "max-age=60"})
        case "secret":
            return JSONResponse(SAID, headers={"Cache-Control": "no-store"})
        case "own":
            return JSONResponse(SAID, headers={"ETag": '"mine"'})
        case "stream":
            return StreamingResponse(_chunks(), media_type="application/json")
        case "text":
            return PlainTextResponse("plain")
    return JSONResponse(SAID, 404)


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    app = Starlette(routes=[Route("/{kind}", _answer, methods=["GET", "POST"])])
    app.add_middleware(Conditional)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://api") as made:
        yield made


async def test_who_has_the_answer_gets_none(client: httpx2.AsyncClient) -> None:
    first = await client.get("/json")
    etag = first.headers["etag"]
    assert (first.status_code, first.headers["cache-control"], first.headers["content-encoding"]) == (
        200,
        "no-cache",
        "gzip",
    )
    for known in (etag, f'"other", {etag}'):
        again = await client.get("/json", headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert "content-length" not in again.headers
    changed = await client.get("/json?other", headers={"If-None-Match": etag})
    assert (changed.status_code, changed.json()["value"]) == (200, 1.5)
    assert changed.headers["etag"] != etag


async def test_an_answer_says_itself_how_long_it_holds(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/kept")
    assert (answer.headers["cache-control"], "etag" in answer.headers) == ("max-age=60", True)
    assert (await client.get("/own")).headers["etag"] == '"mine"'


@pytest.mark.parametrize("kind", ["secret", "stream", "text", "gone"])
async def test_what_is_no_whole_json_answer_to_keep_passes_as_it_is(client: httpx2.AsyncClient, kind: str) -> None:
    answer = await client.get(f"/{kind}", headers={"If-None-Match": "*"})
    assert "etag" not in answer.headers
    assert answer.content


async def test_only_a_question_can_be_answered_with_unchanged(client: httpx2.AsyncClient) -> None:
    etag = (await client.get("/json")).headers["etag"]
    told = await client.post("/json", headers={"If-None-Match": etag})
    assert (told.status_code, "etag" in told.headers) == (200, False)


@pytest.mark.stack
async def test_the_api_answers_so(api: Api) -> None:
    first = await api.client.get("/api/v1/cities")
    again = await api.client.get("/api/v1/cities", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
