"""Whether every record of Kafka is accounted for, per partition, as the database itself reckons."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.state import ApiState

router = APIRouter(prefix="/api/v1", tags=["operations"])
_READ = sa.text("SELECT * FROM v_reconciliation ORDER BY cluster, topic, topic_id, partition")


class Partition(BaseModel):
    """`difference` = passed − (stored + duplicate + rejected + skipped); anything but 0 is an alarm."""

    cluster: str
    topic_id: str
    topic: str
    partition: int
    first_offset: int
    next_offset: int
    passed: int
    stored: int
    duplicate: int
    rejected: int
    skipped: int = Field(description="gone from Kafka before they were read: loss")
    difference: int
    updated_at: datetime


class Totals(BaseModel):
    """The sums over all partitions."""

    passed: int
    stored: int
    duplicate: int
    rejected: int
    skipped: int
    difference: int


_TOTALS: dict[str, JsonValue] = {"passed": 5, "stored": 3, "duplicate": 1, "rejected": 1, "skipped": 0, "difference": 0}


_EXAMPLE: JsonValue = {"exact": True, "totals": _TOTALS, "suspected_loss": 3, "partitions": []}


class Reconciliation(BaseModel):
    """`exact` is true when every partition's difference is 0 and nothing was skipped."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})
    exact: bool
    totals: Totals
    suspected_loss: int = Field(description="numbers missing in the sources' own sequences: lost before Kafka, or late")
    partitions: list[Partition]


@router.get("/reconciliation")
async def reconciliation(state: ApiState) -> Reconciliation:
    """Offsets passed against what became of the records; beside it what the sources' own sequences miss."""
    async with state.engine.connect() as connection:
        partitions = await read_partitions(connection)
    return reconcile(partitions, sum(row["missing"] for row in await state.sources.counts()))


async def read_partitions(connection: AsyncConnection) -> list[Partition]:
    """Every partition there ever was, of every topic."""
    return [Partition.model_validate(dict(row)) for row in (await connection.execute(_READ)).mappings()]


def reconcile(partitions: list[Partition], suspected_loss: int = 0) -> Reconciliation:
    """The partitions with their totals."""
    totals = Totals.model_validate(
        {name: sum(getattr(partition, name) for partition in partitions) for name in Totals.model_fields}
    )
    exact = all(partition.difference == 0 and partition.skipped == 0 for partition in partitions)
    return Reconciliation(exact=exact, totals=totals, suspected_loss=suspected_loss, partitions=partitions)
