"""From a rejection to the record of the dead-letter topic."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from schemas.dead_letter import DeadLetter
from schemas.identity import Identity
from services.ingest.seal import Sealer
from services.ingest.validation import Rejected

KEPT_BYTES: Final = 65_536
"""How much of a payload a dead letter keeps; its size, and the hash inside the seal, are those of the whole."""
HIDDEN_TOPIC: Final = "unknown"
"""In the place of a topic that is none of ours: the true one, which may say anything, is inside the seal."""


def dead_letter(
    rejected: Rejected, topic: str, identity: Identity | None, now: datetime, sealer: Sealer | None
) -> DeadLetter:
    """The record of one rejected payload; `identity` is None when the topic did not tell it.

    Without a sealer nothing of the payload is kept. Its hash is sealed too: guesses could be tried on an open one.
    """
    payload = rejected.payload
    sender = str(identity) if identity else ""
    kept = KEPT_BYTES if sealer else 0
    return DeadLetter(
        rejected_at=now,
        reason=rejected.reason,
        field=rejected.field,
        detail=rejected.detail[:1000],
        topic=topic[:512] if identity else HIDDEN_TOPIC,
        city=identity.city if identity else "",
        system=identity.system if identity else "",
        device=identity.device if identity else "",
        size=len(payload),
        sha256="",
        payload=sealer.seal(payload, kept, topic, sender) if sealer else b"",
        truncated=len(payload) > kept,
    )
