"""What each channel of a device carries: from a message to its outcomes. Pure."""

from __future__ import annotations

from datetime import datetime

from schemas.dead_letter import Reason
from schemas.identity import Channel, Identity, topic_of
from services.ingest import senml, thingsboard
from services.ingest.errors import RejectedError
from services.ingest.pseudonyms import Pseudonyms
from services.ingest.readings import judge
from services.ingest.registry import DeviceRegistry
from services.ingest.validation import NO_KEYS, Limits, Outcome, Rejected, accept


def accept_message(
    identity: Identity,
    channel: Channel,
    payload: bytes,
    now: datetime,
    limits: Limits,
    registry: DeviceRegistry,
    *,
    content_type: str = "",
    pseudonyms: Pseudonyms = NO_KEYS,
) -> list[Outcome]:
    """The outcome of each event in a message, or of the one event of a pack. Never raises, whatever the bytes are."""
    if channel == "events":
        return accept(identity, payload, now, limits, pseudonyms=pseudonyms)
    try:
        if channel == "senml":
            pack = senml.parse(payload, content_type, now, limits.max_bytes)
        elif channel == "telemetry":
            pack = thingsboard.parse(payload, now, limits.max_bytes)
        else:
            detail = f"the channel {channel} is not taken in yet: publish on …/events, …/senml or …/telemetry"
            raise RejectedError(Reason.UNSUPPORTED_CHANNEL, detail)
        if not pack.raws:
            raise RejectedError(Reason.EMPTY, "there is no reading in it: nothing but base values, or empty objects")
    except RejectedError as error:
        return [Rejected(error.reason, error.field, error.detail[:1000], payload)]
    return judge(identity, pack, topic_of(identity, channel), payload, now, limits, registry)
