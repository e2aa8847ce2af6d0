"""The table of dead letters: what the scorer rejects itself, and the gateways' rejections from Kafka."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Final

from pydantic import ValidationError
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from schemas.dead_letter import DeadLetter, Reason
from services.scorer.types import Batch, Record, Rejected

PAYLOAD_LIMIT: Final = 65_536
"""Bytes of a payload that are kept."""


def of_rejected(rejected: Rejected, now: datetime) -> DeadLetter:
    """The dead letter of a record the scorer rejects; one of a type still unknown is kept whole, to be replayed."""
    identity = rejected.identity
    kept = len(rejected.body) if rejected.reason is Reason.UNKNOWN_TYPE else PAYLOAD_LIMIT
    return DeadLetter(
        rejected_at=now,
        reason=rejected.reason,
        detail=rejected.detail,
        topic="kafka",
        city=identity.city if identity else "",
        system=identity.system if identity else "",
        device=identity.device if identity else "",
        size=len(rejected.body),
        sha256=sha256(rejected.body).hexdigest(),
        payload=rejected.body[:kept],
        truncated=len(rejected.body) > kept,
    )


def of_record(record: Record, now: datetime) -> DeadLetter:
    """The dead letter a gateway wrote; what is not one becomes one, so that nothing is lost."""
    try:
        return DeadLetter.model_validate_json(record.value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        detail = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"[:500]
        broken = Rejected(record.offset, Reason.UNDECODABLE, detail, record.value)
        return of_rejected(broken, now)


async def insert_letters(connection: AsyncConnection, batch: Batch, letters: Iterable[tuple[int, DeadLetter]]) -> None:
    """Store dead letters by the offset they came with; one that is there already stays as it is."""
    rows = [
        {**letter.model_dump(), "reason": letter.reason.value, "origin": f"{batch.topic}/{batch.partition}/{offset}"}
        for offset, letter in letters
    ]
    if rows:
        await connection.execute(insert(tables.dead_letter).on_conflict_do_nothing(index_elements=["origin"]), rows)
