"""What comes back from SDU: receipts of deliveries, and answers that confirm or correct a KPI (point 12.4).

An answers file is CSV with the columns city, kpi, period, name, status, value, answered_at, reference. Taking it in
twice changes nothing. What SDU really sends is not public: the columns are our assumption.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, NamedTuple

import sqlalchemy as sa
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.catalogue import Period
from schemas.delivery import Kind
from schemas.tables import delivery, sdu_answer


class Answer(BaseModel):
    """SDU's word on one KPI of one period."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    city: str
    kpi: str
    period: Period
    name: str
    status: Literal["confirmed", "corrected"]
    value: float
    answered_at: AwareDatetime
    reference: str = ""


class Wrong(NamedTuple):
    """A line that cannot be taken in."""

    line: int
    problem: str


def read(path: Path) -> Iterator[Answer | Wrong]:
    """The lines of an answers file. OSError when it cannot be read, UnicodeDecodeError when it is not UTF-8."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            try:
                yield Answer.model_validate({name: value for name, value in row.items() if value is not None})
            except ValidationError as error:
                first = error.errors()[0]
                yield Wrong(reader.line_num, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")


async def take_in(connection: AsyncConnection, answers: Iterable[Answer]) -> int:
    """Store answers; how many were new."""
    given = [answer.model_dump(mode="python") | {"period": answer.period.value} for answer in answers]
    if not given:
        return 0
    statement = insert(sdu_answer).values(given).on_conflict_do_nothing().returning(sdu_answer.c.kpi)
    return len((await connection.execute(statement)).all())


class Counts(NamedTuple):
    """How many KPIs of a period SDU confirmed and corrected, by its newest answer on each."""

    confirmed: int
    corrected: int


NONE: Final = Counts(0, 0)
_COUNTED: Final = sa.text("""
    SELECT city, period, name, count(*) FILTER (WHERE status = 'confirmed') AS confirmed,
      count(*) FILTER (WHERE status = 'corrected') AS corrected
    FROM (
      SELECT DISTINCT ON (a.city, a.period, a.name, a.kpi) a.city, a.period, a.name, a.status
      FROM (SELECT DISTINCT * FROM unnest(:cities, :periods, :names) AS u(city, period, name)) asked
      JOIN sdu_answer a USING (city, period, name)
      ORDER BY a.city, a.period, a.name, a.kpi, a.answered_at DESC
    ) newest GROUP BY city, period, name
""").bindparams(*(sa.bindparam(name, type_=ARRAY(sa.Text())) for name in ("cities", "periods", "names")))


async def counts(
    connection: AsyncConnection, periods: Sequence[tuple[str, str, str]]
) -> dict[tuple[str, str, str], Counts]:
    """Of these (city, period, name)."""
    if not periods:
        return {}
    cities, kinds, names = map(list, zip(*periods, strict=True))
    rows = await connection.execute(_COUNTED, {"cities": cities, "periods": kinds, "names": names})
    return {(row.city, row.period, row.name): Counts(row.confirmed, row.corrected) for row in rows}


async def record(
    connection: AsyncConnection,
    city: str,
    period: Period,
    name: str,
    revision: int,
    reference: str,
    now: datetime,
    kind: Kind = "kpis",
) -> bool:
    """Note SDU's receipt of a delivery; False when there is no such delivery."""
    statement = (
        sa.update(delivery)
        .where(
            delivery.c.city == city,
            delivery.c.kind == kind,
            delivery.c.period == period.value,
            delivery.c.name == name,
            delivery.c.revision == revision,
        )
        .values(receipt=reference, received_at=now)
        .returning(delivery.c.city)
    )
    return (await connection.execute(statement)).one_or_none() is not None
