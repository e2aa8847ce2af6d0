"""What must hold whatever the bytes are, for each way into the gateway; AssertionError when it does not."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from schemas.identity import Identity, parse_topic
from services.ingest import intake
from services.ingest.problems import RequestRefusedError
from services.ingest.settings import IngestSettings
from services.ingest.validation import Accepted, Limits, Outcome, accept, accept_item, any_source_of
from services.scorer.decoding import RecordDecoder
from services.scorer.types import Record

NOW: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEVICE: Final = Identity("karaganda", "contact-centre", "ats-1")
LIMITS: Final = Limits()
SLOWEST_S: Final = 5.0
"""A hang, on however busy a machine; the usual answer takes less than a millisecond."""
MAX_BODY: Final = IngestSettings.model_fields["ingest_max_body_bytes"].default


def mqtt(payload: bytes) -> None:
    """A device's message has an outcome, in bounded time, and what is let in can be read by the scorer."""
    began = time.monotonic()
    outcomes = accept(DEVICE, payload, NOW, LIMITS)
    accept_item(DEVICE, payload, 3, NOW, LIMITS, any_source_of(DEVICE))
    _answered(payload, outcomes, began)


def http(body: bytes) -> None:
    """So has a department's request, as one event and as a batch, unless it is refused as a whole."""
    for batch in (False, True):
        began = time.monotonic()
        with suppress(RequestRefusedError):
            _answered(body, _now(intake.outcomes(DEVICE, body, NOW, LIMITS, MAX_BODY, batch=batch)), began)


def topic(name: bytes) -> None:
    """A topic is an identity and a channel, or an error that says so."""
    text = name.decode(errors="replace")
    try:
        identity, channel = parse_topic(text)
    except ValueError:
        return
    assert text == f"ahual/v1/{identity.city}/{identity.system}/{identity.device}/{channel}"


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {"mqtt": mqtt, "http": http, "topic": topic}


def _answered(payload: bytes, outcomes: list[Outcome], began: float) -> None:
    assert time.monotonic() - began < SLOWEST_S, payload[:200]
    assert outcomes, "every message has an outcome"
    records = [Record(n, o.body) for n, o in enumerate(outcomes) if isinstance(o, Accepted)]
    _decoded, rejected = RecordDecoder().decode(records, {"karaganda"})
    assert not rejected, f"let in, and then unreadable: {payload[:500]!r}"


def _now(work: Any) -> Any:
    """The result of a coroutine that only ever lets others have their turn."""
    while True:
        try:
            work.send(None)
        except StopIteration as done:
            return done.value
