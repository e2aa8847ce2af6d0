"""Whether every record of Kafka is accounted for, per partition."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from schemas.tables import consumer_offset
from services.api.state import ApiState

router = APIRouter(prefix="/api/v1", tags=["operations"])


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


class Reconciliation(BaseModel):
    """`exact` is true when every partition's difference is 0 and nothing was skipped."""

    model_config = ConfigDict(json_schema_extra={"example": {"exact": True, "totals": _TOTALS, "partitions": []}})
    exact: bool
    totals: Totals
    partitions: list[Partition]


@router.get("/reconciliation")
async def reconciliation(state: ApiState) -> Reconciliation:
    """Offsets passed against what became of the records."""
    t = consumer_offset
    query = sa.select(t).order_by(t.c.cluster, t.c.topic, t.c.topic_id, t.c.partition)
    async with state.engine.connect() as connection:
        rows = (await connection.execute(query)).mappings().all()
    return reconcile([_partition(dict(row)) for row in rows])


def reconcile(partitions: list[Partition]) -> Reconciliation:
    """The partitions with their totals."""
    totals = Totals.model_validate(
        {name: sum(getattr(partition, name) for partition in partitions) for name in Totals.model_fields}
    )
    exact = all(partition.difference == 0 and partition.skipped == 0 for partition in partitions)
    return Reconciliation(exact=exact, totals=totals, partitions=partitions)


def _partition(row: dict[str, int]) -> Partition:
    passed = row["next_offset"] - row["first_offset"]
    accounted = row["stored"] + row["duplicate"] + row["rejected"] + row["skipped"]
    return Partition.model_validate({**row, "passed": passed, "difference": passed - accounted})
