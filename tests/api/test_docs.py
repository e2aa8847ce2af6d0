"""docs/api.md says what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.routing import WebSocketRoute

from schemas.live import ChangeMessage, EndMessage, HeartbeatMessage
from services.api.app import create_app
from services.api.settings import ApiSettings
from services.runtime.settings import RuntimeSettings
from services.scorer.recomputing import Recomputer

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "api.md").read_text("utf-8")
LIVE = (DOCS / "live.md").read_text("utf-8")


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return create_app(ApiSettings(database_url=SecretStr("postgresql+asyncpg://nobody@127.0.0.1:1/none")), Recomputer)


def routes(app: FastAPI) -> set[tuple[str, str]]:
    """What the application serves: OpenAPI's paths, and what that leaves out."""
    served = {("GET", path) for path in app.openapi()["paths"]} | {("GET", "/"), ("GET", str(app.openapi_url))}
    sockets = {("WS", path) for path in re.findall(r'"(/api/v1/[^"]*/live)', json.dumps(_sockets(app)))}
    return served | sockets


def _sockets(app: FastAPI) -> list[str]:
    found = []
    pending = [("", route) for route in app.router.routes]
    while pending:
        prefix, route = pending.pop()
        if isinstance(route, WebSocketRoute) or "WebSocket" in type(route).__name__:
            found.append(prefix + str(getattr(route, "path", "")))
        inner = getattr(route, "original_router", None) or getattr(route, "router", None)
        pending += [(prefix, child) for child in getattr(inner, "routes", [])]
    return found


def test_the_table_of_endpoints_is_the_applications(app: FastAPI) -> None:
    documented = set(re.findall(r"^\| (GET|WS) \| `([^`]+)` \|", PAGE, re.MULTILINE))
    assert documented == routes(app)


def test_the_table_of_settings_is_the_codes() -> None:
    documented = dict(re.findall(r"^\| `AHUAL_(\w+)` \| (`[^`]+`|empty) \|", PAGE, re.MULTILINE))
    own = {
        name.upper(): f"`{field.default}`" if str(field.default) else "empty"
        for name, field in ApiSettings.model_fields.items()
        if name not in RuntimeSettings.model_fields
    }
    assert documented == own


def test_the_examples_of_the_feed_are_of_the_contract() -> None:
    block = next(block for block in re.findall(r"```json\n(.*?)```", LIVE, re.DOTALL) if '"heartbeat"' in block)
    decoder, messages = json.JSONDecoder(), []
    while block := block.strip():
        message, end = decoder.raw_decode(block)
        messages.append(message)
        block = block[end:]
    assert [message["type"] for message in messages] == ["snapshot", "change", "heartbeat", "end"]
    ChangeMessage.model_validate(messages[1])
    HeartbeatMessage.model_validate(messages[2])
    EndMessage.model_validate(messages[3])
