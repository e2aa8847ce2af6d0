"""`ahual archive`: what the ledger is over with goes to Parquet files, and only then out of the database."""

from __future__ import annotations

import asyncio
import errno
import json
import os
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.catalogue import Catalogue
from services.cityscore.catalogue import load_catalogue
from services.cli.running import fail
from services.cli.settings import load
from services.runtime.clock import utc_now
from services.runtime.database import DATABASE_ERRORS, open_database
from services.runtime.messages import text
from services.runtime.settings import DatabaseSettings
from services.scorer.archive import Archive
from services.scorer.archiving import Archivist, Done
from services.scorer.cities import load_cities
from services.scorer.errors import ArchiveError
from services.scorer.measures import compile_measures

PAUSE_S: Final = 3600.0
"""Between two rounds of `--watch`."""
STATEMENT_S: Final = 3600.0

Folder = Annotated[Path | None, typer.Option("--folder", envvar="AHUAL_ARCHIVE_FOLDER", help=text("archive.folder"))]


def register(app: typer.Typer) -> None:
    """`ahual archive [--check] [--watch]`."""

    @app.command("archive", help=text("archive.help"))
    def _archive(
        folder: Folder = None,
        check: Annotated[bool, typer.Option("--check", help=text("archive.check"))] = False,
        watch: Annotated[bool, typer.Option("--watch", help=text("archive.watch"))] = False,
        as_json: Annotated[bool, typer.Option("--json", help=text("archive.json"))] = False,
    ) -> None:
        archive = Archive(folder_of(folder))
        if check:
            _check(archive, as_json=as_json)
        else:
            asyncio.run(_run(archive, watch=watch, as_json=as_json))


def folder_of(given: Path | None) -> Path:
    """The archive's folder: the option, else the setting; exit 2 when there is neither."""
    if given is None:
        typer.echo(text("archive.no_folder"), err=True)
        raise typer.Exit(2)
    return given


def refuse(error: ArchiveError) -> NoReturn:
    """Say what is wrong with the archive and exit 1."""
    fail(f"archive.problem_{error.problem}", path=error.path or "")


def _check(archive: Archive, *, as_json: bool) -> None:
    if not archive.folder.is_dir():
        fail("archive.problem_missing", path=archive.folder)
    days = list(archive.check())
    problems = [problem for _, found in days for problem in found]
    if as_json:
        listed = [{"path": str(problem.path), "problem": problem.problem} for problem in problems]
        typer.echo(json.dumps({"days": len(days), "problems": listed}))
    else:
        for problem in problems:
            typer.echo(text(f"archive.problem_{problem.problem}", path=problem.path), err=True)
        typer.echo(text("archive.checked", days=len(days), problems=len(problems)))
    if problems:
        raise typer.Exit(1)


async def _run(archive: Archive, *, watch: bool, as_json: bool) -> None:
    url = load(DatabaseSettings).database_url
    engine = open_database(url, pool_size=1, application="ahual-archive", command_timeout_s=STATEMENT_S)
    try:
        while True:
            try:
                await _until_done(engine, archive, watch=watch, as_json=as_json)
            except ArchiveError as error:
                refuse(error)
            except DATABASE_ERRORS as error:
                typer.echo(told(error, archive.folder), err=True)
                if not watch:
                    raise typer.Exit(1) from None
            if not watch:
                return
            await asyncio.sleep(PAUSE_S)
    finally:
        await engine.dispose()


def told(error: Exception, folder: Path) -> str:
    """What keeps us from archiving, in one sentence: the archive's disk, or the database."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return text("archive.no_room", path=folder)
    return text("ingest.no_database", problem=str(error).splitlines()[0])


def catalogue() -> Catalogue:
    """The order's catalogue, and the city's own KPIs where `AHUAL_CATALOGUE_FOLDER` names some."""
    own = os.environ.get("AHUAL_CATALOGUE_FOLDER")
    return load_catalogue(own=Path(own) if own else None)


async def archivist_of(engine: AsyncEngine, archive: Archive) -> Archivist:
    """With the catalogue and the cities of now."""
    async with engine.connect() as connection:
        cities = await load_cities(connection)
    return Archivist(engine, archive, compile_measures(catalogue()), cities, utc_now)


async def _until_done(engine: AsyncEngine, archive: Archive, *, watch: bool, as_json: bool) -> None:
    archivist = await archivist_of(engine, archive)
    while True:
        done = await archivist.round()
        if done is None and not watch:
            fail("archive.busy")
        if not done:
            return
        _report(done, as_json=as_json)


def _report(done: Done, *, as_json: bool) -> None:
    typer.echo(json.dumps(done._asdict()) if as_json else text("archive.done", **done._asdict()))
