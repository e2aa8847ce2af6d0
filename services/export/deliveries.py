"""Deliveries in the database, and the one way a new one comes about.

A delivery is stored on disk first, then in the database: killed between, the next pass finds it on disk and enters it
as it is. So nothing that was once stored is ever made a second time, and no half delivery is ever known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.catalogue import Catalogue, Period
from schemas.delivery import CSV, MANIFEST, NDJSON, PARQUET, Change, DeliveryRow, Manifest
from schemas.tables import delivery
from services.export import folder, formats
from services.export.errors import DamagedError
from services.export.rows import CityRow, Closed, read, revisions
from services.runtime import locks


@dataclass(frozen=True, slots=True)
class Delivery:
    """One stored revision of a period."""

    city: str
    closed: Closed
    revision: int
    revisions: dict[str, int]
    manifest_sha256: str


@dataclass(frozen=True, slots=True)
class Maker:
    """What making deliveries takes."""

    catalogue: Catalogue
    root: Path
    key: Ed25519PrivateKey

    async def deliver(
        self, connection: AsyncConnection, city: CityRow, closed: Closed, now: datetime
    ) -> list[Delivery]:
        """Store what is new of a period: nothing, its next revision, or also one that a killed process left on disk."""
        made: list[Delivery] = []
        before = await newest(connection, city.code, closed)
        while (left := self._place(city, closed, before)).is_dir():
            before = await self._enter(connection, closed, left, now)
            made.append(before)
        async with locks.snapshot(connection):
            rows = await read(connection, self.catalogue, city, closed)
        if revisions(rows) and (before is None or before.revisions != revisions(rows)):
            stored = self._store(city, closed, rows, before)
            made.append(await self._enter(connection, closed, stored, now))
        return made

    def _place(self, city: CityRow, closed: Closed, before: Delivery | None) -> Path:
        return folder.place(self.root, city.code, closed.period, closed.name, _next(before))

    def _store(self, city: CityRow, closed: Closed, rows: Sequence[DeliveryRow], before: Delivery | None) -> Path:
        contents = formats.to_files(rows)
        manifest = Manifest(
            city=city.code,
            period=closed.period,
            name=closed.name,
            begin=closed.begin,
            end=closed.end,
            revision=_next(before),
            previous=before.manifest_sha256 if before else None,
            generated_at=max(row.generated_at for row in rows if row.generated_at is not None),
            rows=len(rows),
            changes=tuple(changes(self._rows_of(before), rows)) if before else (),
            files=folder.described(contents, dict.fromkeys((CSV, NDJSON, PARQUET), len(rows))),
        )
        return folder.store(self.root, manifest, contents, self.key)

    def _rows_of(self, stored: Delivery) -> list[DeliveryRow]:
        closed = stored.closed
        return stored_rows(folder.place(self.root, stored.city, closed.period, closed.name, stored.revision))

    async def _enter(self, connection: AsyncConnection, closed: Closed, place: Path, now: datetime) -> Delivery:
        manifest = folder.read_manifest(place)
        rows = stored_rows(place)
        entered = Delivery(
            manifest.city,
            closed,
            manifest.revision,
            revisions(rows),
            sha256((place / MANIFEST).read_bytes()).hexdigest(),
        )
        await connection.execute(
            sa.insert(delivery).values(
                city=manifest.city,
                period=manifest.period.value,
                end=manifest.end,
                revision=manifest.revision,
                name=manifest.name,
                revisions=entered.revisions,
                rows=manifest.rows,
                manifest_sha256=entered.manifest_sha256,
                generated_at=manifest.generated_at,
                stored_at=now,
            )
        )
        await connection.commit()
        return entered


async def newest(connection: AsyncConnection, city: str, closed: Closed) -> Delivery | None:
    """The newest stored revision of a period."""
    query = (
        sa.select(delivery)
        .where(delivery.c.city == city, delivery.c.period == closed.period.value, delivery.c.end == closed.end)
        .order_by(delivery.c.revision.desc())
        .limit(1)
    )
    row = (await connection.execute(query)).one_or_none()
    await connection.commit()
    return None if row is None else Delivery(city, closed, row.revision, row.revisions, row.manifest_sha256)


def stored_rows(place: Path) -> list[DeliveryRow]:
    """The rows of a delivery on disk. DamagedError when its files are not those of its manifest."""
    if wrong := folder.problems(place, folder.read_manifest(place).files):
        raise DamagedError(place, wrong)
    return formats.from_parquet((place / PARQUET).read_bytes())


def changes(before: Sequence[DeliveryRow], after: Sequence[DeliveryRow]) -> list[Change]:
    """What a KPI comes to now and came to before, where its revision is another one. Pure."""
    known = {row.kpi: row for row in before}
    return [
        Change(kpi=row.kpi, before=_shown(old), after=_shown(row), difference=_difference(old, row))
        for row in after
        if (old := known.get(row.kpi)) is None or old.revision != row.revision
    ]


def closed_of(row: Any) -> Closed:
    """From a row with `period`, `name`, `begin` and `end`."""
    return Closed(Period(row.period), row.name, row.begin, row.end)


def _next(before: Delivery | None) -> int:
    return before.revision + 1 if before else 1


def _shown(row: DeliveryRow | None) -> float | str | None:
    return None if row is None else row.parts if row.value is None else row.value


def _difference(before: DeliveryRow | None, after: DeliveryRow) -> float | None:
    if before is None or before.value is None or after.value is None:
        return None
    return after.value - before.value
