"""From a rejection to the record of the dead-letter topic."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from schemas.dead_letter import DeadLetter
from schemas.identity import Identity
from services.ingest.validation import Rejected

KEPT_BYTES: Final = 65_536
"""How much of a payload a dead letter keeps; its size and hash are those of the whole."""


def dead_letter(rejected: Rejected, topic: str, identity: Identity | None, now: datetime) -> DeadLetter:
    """The record of one rejected payload; `identity` is None when the topic did not tell it."""
    payload = rejected.payload
    return DeadLetter(
        rejected_at=now,
        reason=rejected.reason,
        field=rejected.field,
        detail=rejected.detail[:1000],
        topic=topic[:512],
        city=identity.city if identity else "",
        system=identity.system if identity else "",
        device=identity.device if identity else "",
        size=len(payload),
        sha256=hashlib.sha256(payload).hexdigest(),
        payload=payload[:KEPT_BYTES],
        truncated=len(payload) > KEPT_BYTES,
    )
