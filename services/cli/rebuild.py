"""`ahual rebuild`: recompute KPIs from ledger and archive, and prove or correct what is stored."""

from __future__ import annotations

import asyncio
import getpass
import json
import socket
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from services.cli.archive import Folder, catalogue, refuse
from services.cli.running import fail, with_database
from services.cli.settings import load
from services.runtime.clock import utc_now
from services.runtime.messages import text
from services.runtime.settings import DatabaseSettings
from services.scorer import measured_under, versions
from services.scorer.archive import Archive
from services.scorer.cities import load_cities
from services.scorer.difference import Difference
from services.scorer.errors import ArchiveError, OtherMeasuresError, OutdatedError
from services.scorer.imported import IMPORTED
from services.scorer.rebuild import Rebuilder, horizons_of, partitions_of
from services.scorer.refolding import EVER, Scope

PROGRESS_EVENTS: Final = 500_000
DIFFERENT: Final = 1
"""Exit code of a check that found differences."""
REFUSED: Final = 3
"""Exit code where the partition follows other measures."""


def register(app: typer.Typer) -> None:
    """`ahual rebuild`."""

    @app.command("rebuild", help=text("rebuild.help"))
    def _rebuild(
        city: Annotated[list[str] | None, typer.Option(help=text("rebuild.city"))] = None,
        kpi: Annotated[list[str] | None, typer.Option(help=text("rebuild.kpi"))] = None,
        begin: Annotated[datetime | None, typer.Option("--from", help=text("rebuild.begin"))] = None,
        end: Annotated[datetime | None, typer.Option("--to", help=text("rebuild.end"))] = None,
        apply: Annotated[bool, typer.Option("--apply/--check", help=text("rebuild.apply"))] = False,
        adopt: Annotated[bool, typer.Option("--adopt", help=text("rebuild.adopt"))] = False,
        folder: Folder = None,
        as_json: Annotated[bool, typer.Option("--json", help=text("ingest.json_help"))] = False,
    ) -> None:
        archive = Archive(folder) if folder else None
        range_ = (_utc(begin) or EVER[0], _utc(end) or EVER[1])
        command = _Command(city, kpi, range_, archive, apply=apply, as_json=as_json)
        different = asyncio.run(with_database(command.adopt if adopt else command.rebuild))
        if different and not apply and not adopt:
            raise typer.Exit(DIFFERENT)


class _Command:
    """One call of the command."""

    def __init__(
        self,
        cities: list[str] | None,
        kpis: list[str] | None,
        range_: tuple[datetime, datetime],
        archive: Archive | None,
        *,
        apply: bool,
        as_json: bool,
    ) -> None:
        self._cities = cities
        self._kpis = kpis
        self._range = range_
        self._archive = archive
        self._apply = apply
        self._as_json = as_json
        self._shown = 0

    async def rebuild(self, engine: AsyncEngine) -> bool:
        """Check, or check and correct, partition by partition; whether anything differed."""
        rebuilder = await self._rebuilder(engine)
        scope = Scope(
            self._chosen(self._kpis, rebuilder.kpis(), "rebuild.unknown_kpi"),
            self._chosen(self._cities, rebuilder.cities, "rebuild.unknown_city"),
            *self._range,
        )
        async with engine.connect() as connection:
            partitions = await partitions_of(connection)
            self._show_horizons(await horizons_of(connection, archived=self._archive is not None), scope)
        by = f"{getpass.getuser()}@{socket.gethostname()}"
        found: dict[int, list[Difference]] = {}
        try:
            for partition in partitions:
                found[partition] = await rebuilder.check(partition, scope)
                if found[partition] and self._apply:
                    found[partition] = await rebuilder.apply(partition, scope, by)
                self._show(partition, found[partition])
        except OtherMeasuresError as error:
            codes = ", ".join(error.codes)
            typer.echo(text("rebuild.other_measures", partition=error.partition, codes=codes), err=True)
            raise typer.Exit(REFUSED) from None
        except ArchiveError as error:
            refuse(error)
        self._conclude(found, written=self._apply)
        return any(found.values())

    async def adopt(self, engine: AsyncEngine) -> bool:
        """Make this installation's measures the newest and rebuild what follows others."""
        rebuilder = await self._rebuilder(engine)
        async with engine.begin() as connection:
            partitions = [number for number in await partitions_of(connection) if number != IMPORTED]
            await measured_under.prefer(connection, versions.basis(rebuilder.catalogue, rebuilder.cities), utc_now())
        found: dict[int, list[Difference]] = {}
        try:
            for partition in partitions:
                found[partition] = await rebuilder.adopt(partition)
                self._show(partition, found[partition])
        except ArchiveError as error:
            refuse(error)
        except OutdatedError as error:
            fail("rebuild.outdated", partition=error.partition, since=f"{error.since:%Y-%m-%d %H:%M}")
        self._conclude(found, written=True)
        return any(found.values())

    async def _rebuilder(self, engine: AsyncEngine) -> Rebuilder:
        async with engine.connect() as connection:
            cities = await load_cities(connection)
        url = load(DatabaseSettings).database_url
        return Rebuilder(url, catalogue(), cities, utc_now, self._progress, self._archive)

    def _chosen(self, named: list[str] | None, known: Iterable[str], unknown: str) -> frozenset[str]:
        known = frozenset(known)
        for name in named or ():
            if name not in known:
                fail(unknown, name=name)
        return frozenset(named) if named else known

    def _progress(self, partition: int, events: int) -> None:
        if not self._as_json and events - self._shown >= PROGRESS_EVENTS:
            self._shown = events
            typer.echo(text("rebuild.progress", partition=partition, events=events), err=True)

    def _show_horizons(self, horizons: dict[str, datetime], scope: Scope) -> None:
        for kpi, horizon in sorted(horizons.items()):
            if kpi in scope.kpis and scope.begin < horizon:
                name = "rebuild.horizon" if self._archive is None else "rebuild.lost"
                typer.echo(text(name, kpi=kpi, horizon=f"{horizon:%Y-%m-%d %H:%M}"), err=True)

    def _show(self, partition: int, found: list[Difference]) -> None:
        self._shown = 0
        if self._as_json:
            return
        for lack in found:
            sums = ", ".join(f"{name} {value:+d}" for name, value in lack.sums.items())
            typer.echo(
                f"{partition:>3}  {lack.table:11} {lack.city:12} {lack.kpi:6} {lack.rows:>7}  "
                f"{lack.first:%Y-%m-%d %H:%M} – {lack.last:%Y-%m-%d %H:%M}  {sums}"
            )

    def _conclude(self, found: dict[int, list[Difference]], *, written: bool) -> None:
        rows = sum(lack.rows for lacks in found.values() for lack in lacks)
        if self._as_json:
            flat = [_plain(partition, lack) for partition, lacks in found.items() for lack in lacks]
            typer.echo(json.dumps({"partitions": sorted(found), "differences": flat}, ensure_ascii=False))
        elif rows == 0:
            typer.echo(text("rebuild.same", partitions=len(found)))
        else:
            typer.echo(text("rebuild.corrected" if written else "rebuild.different", rows=rows))


def _plain(partition: int, lack: Difference) -> dict[str, Any]:
    return {"partition": partition, **lack._asdict(), "first": lack.first.isoformat(), "last": lack.last.isoformat()}


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None
