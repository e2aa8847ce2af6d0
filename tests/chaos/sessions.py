"""How long each program may be silent before somebody gives up waiting for it, from the settings of who waits."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Final

from aiokafka import AIOKafkaConsumer

from services.api.settings import ApiSettings
from services.ingest.settings import IngestSettings
from services.runtime import database, kafka
from simulators.publisher import KEEPALIVE_S

_GRACE: Final = 1.5
"""MQTT: a broker waits one and a half keep-alives."""
_REQUEST_S: Final = signature(AIOKafkaConsumer).parameters["request_timeout_ms"].default / 1000

LONGEST_S: Final[Mapping[str, float]] = {
    "ingest": _GRACE * IngestSettings.model_fields["mqtt_keepalive_s"].default,
    "scorer": max(kafka.SESSION_S, kafka.POLL_S),
    "api": max(2 * database.NOTICE_KEEPALIVE_S, ApiSettings.model_fields["api_stall_s"].default),
    "kafka": max(kafka.SESSION_S, _REQUEST_S),
    "mosquitto": _GRACE * KEEPALIVE_S,
    "postgres": database.COMMAND_TIMEOUT_S,
}
"""The longest time-out of any session with the program, s: broker and devices, consumer group, requests, statements."""
