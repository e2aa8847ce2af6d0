"""Deliveries in the database, and the one way a new one comes about.

A delivery is stored on disk first, then in the database: killed between, the next pass finds it on disk and enters it
as it is. So nothing that was once stored is ever made a second time, and no half delivery is ever known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.catalogue import Catalogue, Period
from schemas.delivery import (
    CSV,
    FACTS,
    FACTS_SCHEMA,
    MANIFEST,
    NDJSON,
    PARQUET,
    Change,
    DeliveryRow,
    Kind,
    Manifest,
    facts_schema,
)
from schemas.tables import closed_period, delivery
from services.export import facts, folder, formats
from services.export.errors import DamagedError
from services.export.facts import Facts
from services.export.rows import CityRow, Closed, read, revisions
from services.runtime import locks


@dataclass(frozen=True, slots=True)
class Delivery:
    """One stored revision of a period."""

    kind: Kind
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
        while (left := self._place(city.code, closed, _next(before))).is_dir():
            before = await enter(connection, closed, left, now)
            made.append(before)
        async with locks.snapshot(connection):
            rows = await read(connection, self.catalogue, city, closed)
        if revisions(rows) and (before is None or before.revisions != revisions(rows)):
            stored = self._store(city, closed, rows, before)
            made.append(await enter(connection, closed, stored, now))
        return made

    async def deliver_facts(self, connection: AsyncConnection, of: Delivery, told: Facts, now: datetime) -> Delivery:
        """Store the raw facts behind a delivery of KPIs, under its revision. LookupError when not all can be read now.

        Facts are entered as they are when a killed process left them on disk.
        """
        target = self._place(of.city, of.closed, of.revision, "facts")
        if not target.is_dir():
            before = await newest(connection, of.city, of.closed, "facts")
            with folder.making(target) as made:
                written = await facts.write(made / FACTS, told, of.city, of.closed.begin, of.closed.end)
                folder.write(made / FACTS_SCHEMA, formats.encoded(facts_schema()))
                generated_at = written.newest or of.closed.end
                content = _Content("facts", of.city, of.closed, written.rows, generated_at)
                self._finish(made, target, content, before, of.revision)
        return await enter(connection, of.closed, target, now)

    def _place(self, city: str, closed: Closed, revision: int, kind: Kind = "kpis") -> Path:
        return folder.place(self.root, city, closed.period, closed.name, revision, kind)

    def _store(self, city: CityRow, closed: Closed, rows: Sequence[DeliveryRow], before: Delivery | None) -> Path:
        target = self._place(city.code, closed, _next(before))
        with folder.making(target) as made:
            for name, encoded in formats.to_files(rows).items():
                folder.write(made / name, encoded)
            newest_value = max(row.generated_at for row in rows if row.generated_at is not None)
            found = tuple(changes(self._rows_of(before), rows)) if before else ()
            content = _Content("kpis", city.code, closed, len(rows), newest_value, found)
            return self._finish(made, target, content, before, _next(before))

    def _finish(self, made: Path, target: Path, content: _Content, before: Delivery | None, revision: int) -> Path:
        closed = content.closed
        manifest = Manifest(
            kind=content.kind,
            city=content.city,
            period=closed.period,
            name=closed.name,
            begin=closed.begin,
            end=closed.end,
            revision=revision,
            previous=before.manifest_sha256 if before else None,
            generated_at=content.generated_at,
            rows=content.rows,
            changes=content.changes,
            files=folder.described(made, dict.fromkeys((CSV, NDJSON, PARQUET, FACTS), content.rows)),
        )
        return folder.finish(made, target, manifest, self.key)

    def _rows_of(self, stored: Delivery) -> list[DeliveryRow]:
        return stored_rows(self._place(stored.city, stored.closed, stored.revision))


class _Content(NamedTuple):
    """What a delivery's manifest says of its content."""

    kind: Kind
    city: str
    closed: Closed
    rows: int
    generated_at: datetime
    changes: tuple[Change, ...] = ()


async def enter(connection: AsyncConnection, closed: Closed, place: Path, now: datetime) -> Delivery:
    """Make a delivery on disk known. DamagedError when it is not what its manifest says."""
    manifest = folder.read_manifest(place)
    require_whole(place, manifest)
    entered = Delivery(
        manifest.kind,
        manifest.city,
        closed,
        manifest.revision,
        revisions(stored_rows(place)) if manifest.kind == "kpis" else {},
        folder.digest(place / MANIFEST),
    )
    await connection.execute(
        sa.insert(delivery).values(
            kind=manifest.kind,
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


async def newest(connection: AsyncConnection, city: str, closed: Closed, kind: Kind = "kpis") -> Delivery | None:
    """The newest stored revision of a period."""
    c = delivery.c
    query = sa.select(delivery).where(
        c.city == city, c.kind == kind, c.period == closed.period.value, c.end == closed.end
    )
    row = (await connection.execute(query.order_by(c.revision.desc()).limit(1))).one_or_none()
    await connection.commit()
    return None if row is None else Delivery(kind, city, closed, row.revision, row.revisions, row.manifest_sha256)


async def named(connection: AsyncConnection, city: str, period: Period, name: str) -> Delivery | None:
    """The newest delivery of the KPIs of the period of this name."""
    c = closed_period.c
    query = sa.select(c.period, c.name, c.begin, c.end).where(c.city == city, c.period == period.value, c.name == name)
    row = (await connection.execute(query.limit(1))).one_or_none()
    return None if row is None else await newest(connection, city, closed_of(row))


def require_whole(place: Path, manifest: Manifest) -> None:
    """DamagedError when the files of a delivery are not those of its manifest."""
    if wrong := folder.problems(place, manifest.files):
        raise DamagedError(place, wrong)


def stored_rows(place: Path) -> list[DeliveryRow]:
    """The KPIs of a delivery on disk. DamagedError when its files are not those of its manifest."""
    require_whole(place, folder.read_manifest(place))
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
