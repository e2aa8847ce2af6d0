"""Events for the scorer's tests, in their canonical form."""

from __future__ import annotations

import json
from typing import Any

from schemas.events.envelope import canonical
from schemas.events.registry import CONTRACTS

PREFIX = "kz.ahual.contact-centre."


def event(kind: str, time: str, data: dict[str, Any], *, city: str = "karaganda", **envelope: Any) -> bytes:
    """Canonical bytes of one contact-centre event; `kind` such as `call-answered`."""
    raw = {
        "specversion": "1.0",
        "id": envelope.pop("id", f"{kind}-{time}"),
        "source": f"/{city}/contact-centre/pbx-1",
        "type": f"{PREFIX}{kind}.v1",
        "time": time,
        **envelope,
        "data": data,
    }
    return canonical(CONTRACTS[raw["type"]].model_validate_json(json.dumps(raw)))


def answered(time: str = "2026-11-22T10:00:10Z", waited_from: str = "2026-11-22T10:00:00Z", **envelope: Any) -> bytes:
    """A call answered."""
    data = {"call": "c", "queue": "main", "queued_at": waited_from, "answered_at": time}
    return event("call-answered", time, data, **envelope)
