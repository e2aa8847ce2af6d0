"""The AsyncAPI 3 document of the messages that this installation takes in."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from typing import Annotated, Final, NamedTuple

from fastapi import APIRouter, Header
from fastapi.responses import Response

from schemas.asyncapi import document
from services.api.cityscore import names

router = APIRouter(prefix="/api/v1", tags=["catalogue"])
MEDIA_TYPE: Final = "application/vnd.aai.asyncapi+json;version=3.0.0"


class _Written(NamedTuple):
    body: bytes
    etag: str


@router.get(
    "/asyncapi.json",
    response_model=None,
    response_class=Response,
    responses={
        200: {
            "description": "An AsyncAPI 3 document: channels, topics, and a message with examples per event type",
            "content": {MEDIA_TYPE: {"example": {"asyncapi": "3.0.0", "info": {"title": "Ahual"}, "channels": {}}}},
        }
    },
)
async def asyncapi(if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """What devices and departments may send; its ETag changes when a contract does."""
    made = await asyncio.to_thread(_written)
    headers = {"ETag": made.etag, "Cache-Control": "no-cache"}
    if if_none_match and names(if_none_match, made.etag):
        return Response(status_code=304, headers=headers)
    return Response(made.body, media_type=MEDIA_TYPE, headers=headers)


@cache
def _written() -> _Written:
    """Made when it is first asked for, which takes a second; it stays the same until the next release."""
    body = json.dumps(document(version("ahual")), ensure_ascii=False, separators=(",", ":")).encode()
    return _Written(body, f'"{sha256(body).hexdigest()[:32]}"')
