"""Events for the tests of the intake."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.identity import Identity

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DEVICE = Identity("karaganda", "contact-centre", "ats-1")
TYPE = "kz.ahual.contact-centre.call-answered.v1"


def call(name: str, identity: Identity = DEVICE, when: datetime = NOW, **members: Any) -> dict[str, Any]:
    """An answered call; members replace or (with None) remove those of the envelope."""
    event = {
        "specversion": "1.0",
        "id": f"{name}-answered",
        "source": identity.source,
        "type": TYPE,
        "time": when.isoformat(),
        "data": {
            "call": name,
            "queue": "general",
            "queued_at": (when - timedelta(seconds=7)).isoformat(),
            "answered_at": when.isoformat(),
        },
    }
    return {key: value for key, value in {**event, **members}.items() if value is not None}


def encoded(event: Any) -> bytes:
    return json.dumps(event).encode()
