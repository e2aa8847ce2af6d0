"""What was rejected and why: the record of the dead-letter topic and of the `dead_letter` table."""

from __future__ import annotations

import base64
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer


class Reason(StrEnum):
    """Why a message or event was rejected. Gateways use all but the last group, which is the scorer's."""

    EMPTY = "empty"
    OVERSIZED = "oversized"
    INVALID_UTF8 = "invalid_utf8"
    MALFORMED_JSON = "malformed_json"
    TOO_DEEP = "too_deep"
    NOT_AN_EVENT = "not_an_event"
    UNKNOWN_TYPE = "unknown_type"
    INVALID_FIELD = "invalid_field"
    FOREIGN_IDENTITY = "foreign_identity"
    FUTURE_TIME = "future_time"
    UNKNOWN_TOPIC = "unknown_topic"
    UNSUPPORTED_CHANNEL = "unsupported_channel"
    OVER_QUOTA = "over_quota"
    NO_HASH_KEY = "no_hash_key"
    NOT_A_PACK = "not_a_pack"
    UNKNOWN_DEVICE = "unknown_device"
    UNKNOWN_CHANNEL = "unknown_channel"
    UNKNOWN_ALIAS = "unknown_alias"
    WRONG_UNIT = "wrong_unit"
    IMPOSSIBLE_VALUE = "impossible_value"
    GATEWAY_FAILED = "gateway_failed"

    UNDECODABLE = "undecodable"
    UNKNOWN_CITY = "unknown_city"
    TOO_OLD = "too_old"
    CONFLICT = "conflict"


def _from_base64(value: object) -> object:
    return base64.b64decode(value, validate=True) if isinstance(value, str) else value


Base64 = Annotated[
    bytes,
    BeforeValidator(_from_base64),
    PlainSerializer(lambda raw: base64.b64encode(raw).decode(), return_type=str, when_used="json"),
]


class DeadLetter(BaseModel):
    """One rejected payload. `payload` is cut at the gateway's limit; `size` and `sha256` are those of the whole."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rejected_at: datetime
    reason: Reason
    field: str | None = None
    """JSONPath-like path of the offending field, e.g. `$.data.queued_at`."""
    detail: str = Field(max_length=1000)
    """For people: what is wrong and what to do, in English."""
    topic: str
    """MQTT topic, or `http` for the HTTP intake, or `kafka:topic/partition/offset`."""
    city: str = ""
    system: str = ""
    device: str = ""
    size: int
    sha256: str
    payload: Base64
    truncated: bool = False
