"""Dead letters in the database: find them, and send the original once more through the same validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.dead_letter import Reason
from schemas.identity import Identity, parse_identity, parse_topic
from schemas.tables import dead_letter
from services.ingest import syntax
from services.ingest.channels import accept_message
from services.ingest.errors import NotReplayableError, SealError
from services.ingest.forwarder import Forwarder
from services.ingest.intake import TOPIC as HTTP
from services.ingest.privacy import Privacy
from services.ingest.records import outgoing
from services.ingest.registry import DeviceRegistry
from services.ingest.seal import Opened, Opener, is_sealed
from services.ingest.validation import CHECKS, Accepted, Checks, Limits, Outcome, Rejected, accept, any_source_of

CONFIRM_S = 20.0
SCORERS = "kafka"
"""How the topic of a dead letter begins that the scorer wrote."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which dead letters."""

    city: str | None = None
    reason: str | None = None
    since: datetime | None = None


def _conditions(filters: Filters) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if filters.city is not None:
        conditions.append(dead_letter.c.city == filters.city)
    if filters.reason is not None:
        conditions.append(dead_letter.c.reason == filters.reason)
    if filters.since is not None:
        conditions.append(dead_letter.c.rejected_at >= filters.since)
    return conditions


async def find(engine: AsyncEngine, filters: Filters, limit: int) -> Sequence[Any]:
    """The newest dead letters that match."""
    query = sa.select(dead_letter).where(*_conditions(filters)).order_by(dead_letter.c.id.desc()).limit(limit)
    async with engine.connect() as connection:
        return (await connection.execute(query)).all()


async def find_pending(engine: AsyncEngine, filters: Filters) -> Sequence[int]:
    """The ids of those that match and were not replayed, oldest first."""
    query = (
        sa.select(dead_letter.c.id)
        .where(dead_letter.c.replayed_at.is_(None), *_conditions(filters))
        .order_by(dead_letter.c.id)
    )
    async with engine.connect() as connection:
        return (await connection.execute(query)).scalars().all()


async def get(engine: AsyncEngine, letter_id: int) -> Any | None:
    """One dead letter, or None."""
    async with engine.connect() as connection:
        return (await connection.execute(sa.select(dead_letter).where(dead_letter.c.id == letter_id))).first()


def opened(row: Any, opener: Opener | None) -> Opened:
    """The payload of a dead letter, as far as it was kept. SealError for a sealed one without the right key."""
    payload = bytes(row.payload)
    if not is_sealed(payload):
        return Opened(row.sha256, row.topic, payload)
    if opener is None:
        raise SealError("sealed, and no private key is given")
    return opener.open(payload, sender_of(row))


def sender_of(row: Any) -> str:
    """Whose message it was, as the seal has it; empty when its topic did not tell."""
    return f"{row.city}/{row.system}/{row.device}" if row.device else ""


def revalidate(
    row: Any, now: datetime, limits: Limits, privacy: Privacy, opener: Opener | None, registry: DeviceRegistry
) -> list[Outcome]:
    """What the same validation says today; NotReplayableError (its argument names the text) when it cannot be sent.
    SealError when its payload cannot be opened.

    A payload without id keeps the identity of its first arrival only if it was a message of its own: an array's
    element is replayed alone.
    """
    if row.truncated:
        raise NotReplayableError("dlq_truncated")
    if row.topic == SCORERS and row.reason == Reason.UNKNOWN_TYPE:
        return [unchanged(bytes(row.payload), CHECKS)]
    if row.topic.startswith(SCORERS):
        raise NotReplayableError("dlq_not_ours")
    if not row.device:
        raise NotReplayableError("dlq_no_sender")
    identity = Identity(row.city, row.system, row.device)
    payload = opened(row, opener).payload
    if row.topic == HTTP:
        return accept(identity, payload, now, limits, any_source_of(identity), privacy.pseudonyms)
    try:
        _, channel = parse_topic(row.topic)
    except ValueError as error:
        raise NotReplayableError("dlq_sparkplug") from error
    return accept_message(identity, channel, payload, now, limits, registry, pseudonyms=privacy.pseudonyms)


def unchanged(body: bytes, checks: Checks) -> Outcome:
    """An event that a scorer of an earlier age did not know, unchanged."""
    stated = syntax.peek(body)
    if stated.type not in checks.decoders:
        return Rejected(Reason.UNKNOWN_TYPE, "$.type", "this program does not know the type either: update it", body)
    event = checks.decoders[stated.type].decode(body)
    return Accepted(parse_identity(event.source.removeprefix("/")), body, event.id)


async def send(engine: AsyncEngine, forwarder: Forwarder, row: Any, outcomes: Sequence[Outcome], now: datetime) -> int:
    """Send the accepted ones, wait for Kafka, mark the dead letter; how many were sent. UnconfirmedError if Kafka
    stays silent: then nothing is marked."""
    identity = Identity(row.city, row.system, row.device)
    sent = [outgoing(outcome, row.topic, identity, now, None) for outcome in outcomes if isinstance(outcome, Accepted)]
    await forwarder.confirm(sent, CONFIRM_S)
    async with engine.begin() as connection:
        await connection.execute(sa.update(dead_letter).where(dead_letter.c.id == row.id).values(replayed_at=now))
    return len(sent)


def first_rejected(outcomes: Sequence[Outcome]) -> Rejected | None:
    """The first one that is still wrong."""
    return next((outcome for outcome in outcomes if isinstance(outcome, Rejected)), None)
