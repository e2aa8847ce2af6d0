"""`ahual import`: events whatever their age, checked against ledger and archive so that none counts twice."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple

import sqlalchemy as sa
import typer
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.core import TyperGroup

from schemas.dead_letter import Reason
from schemas.identity import Identity, parse_identity
from schemas.tables import dead_letter
from services.cli import files
from services.cli.archive import STATEMENT_S, Folder, archivist_of, catalogue, folder_of, refuse
from services.cli.running import fail
from services.cli.settings import load
from services.ingest.errors import RejectedError
from services.ingest.files import telling
from services.ingest.files.rows import Taken
from services.ingest.files.rules import broken
from services.ingest.validation import Accepted, Limits, Outcome, accept_item
from services.runtime import locks
from services.runtime.clock import utc_now
from services.runtime.database import DATABASE_ERRORS, open_database
from services.runtime.messages import language, text
from services.runtime.settings import DatabaseSettings
from services.scorer import floors, versions
from services.scorer.archive import Archive
from services.scorer.cities import load_cities
from services.scorer.errors import ArchiveError, ContendedError
from services.scorer.imports import Imported, Importer
from services.scorer.measures import compile_measures

AT_ONCE: Final = 1000
"""Events of one transaction."""


class Given(NamedTuple):
    """A canonical event, and the dead letter or line it came from."""

    body: bytes
    number: int


class _FileByDefault(TyperGroup):
    """`ahual import FILE` is `ahual import file FILE`; `template` is the other command of the group."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["file", *args]
        return super().parse_args(ctx, args)


def register(app: typer.Typer) -> None:
    """`ahual import [--check|--apply|--revise] FILE`, `ahual import template SYSTEM`."""
    group = typer.Typer(help=text("archive.import_help"), no_args_is_help=True, cls=_FileByDefault)
    group.command("file", help=text("archive.import_help"))(_import)
    group.command("template", help=text("files.template_help"))(_template)
    app.add_typer(group, name="import")


def _template(
    system: Annotated[str, typer.Argument(help=text("ingest.key_system"))],
    kind: Annotated[Literal["xlsx", "csv"], typer.Option("--format", help=text("files.format_help"))] = "xlsx",
    out: Annotated[Path | None, typer.Option(help=text("files.out_help"))] = None,
    event: Annotated[str | None, typer.Option(help=text("files.event_help"))] = None,
) -> None:
    files.write_template(system, event, kind, out, typer.echo)


def _import(
    file: Annotated[Path | None, typer.Argument(help=text("archive.import_file"))] = None,
    dead_letters: Annotated[bool, typer.Option("--dead-letters", help=text("archive.import_letters"))] = False,
    check: Annotated[bool, typer.Option("--check", help=text("files.check_help"))] = False,
    apply: Annotated[bool, typer.Option("--apply", help=text("files.apply_help"))] = False,
    revise: Annotated[bool, typer.Option("--revise", help=text("archive.import_revise"))] = False,
    whose: Annotated[str | None, typer.Option("--as", help=text("files.as_help"))] = None,
    folder: Folder = None,
    as_json: Annotated[bool, typer.Option("--json", help=text("archive.json"))] = False,
) -> None:
    if (file is None) is not dead_letters:
        typer.echo(text("archive.import_which"), err=True)
        raise typer.Exit(2)
    if check + apply + revise > 1 or (dead_letters and (check or apply)):
        typer.echo(text("files.one_mode"), err=True)
        raise typer.Exit(2)
    if file is not None and (check or apply or (files.is_table(file) and not revise)):
        _take(file, whose, sending=apply, report=files.Report(as_json))
        return
    archive = Archive(folder_of(folder))
    department = files.department_of(whose) if file is not None and files.is_table(file) else None
    counts = asyncio.run(_run(archive, file, department, revise=revise))
    if as_json:
        typer.echo(json.dumps({"revised": revise, **counts}))
    else:
        key = "archive.imported" if revise else "archive.import_trial"
        typer.echo(text(key, None, **{name: counts[name] for name in ("stored", "duplicate", "rejected")}))
    if counts["rejected"]:
        raise typer.Exit(1)


def _take(file: Path, whose: str | None, *, sending: bool, report: files.Report) -> None:
    """Check a file and, if all of it is good and it is to be sent, send it."""
    taken = files.read_table(file, files.department_of(whose)) if files.is_table(file) else _events_of(file)
    report.problems(taken)
    if sending:
        asyncio.run(files.send(taken.events))
    report.done(taken, sent=sending)


def _events_of(file: Path) -> Taken:
    """A file with an event per line, as a whole; exit 1 when a line is wrong."""
    rejected: Counter[str] = Counter()
    if not file.is_file():
        fail("cli.no_file", file=file)
    events = list(_outcomes(file, rejected))
    if rejected["rejected"]:
        fail("files.nothing_taken", problems=rejected["rejected"])
    return Taken([outcome for _, outcome in events], (), len(events))


async def _run(archive: Archive, file: Path | None, department: Identity | None, *, revise: bool) -> Counter[str]:
    url = load(DatabaseSettings).database_url
    engine = open_database(url, pool_size=2, application="ahual-import", command_timeout_s=STATEMENT_S)
    try:
        given, counts = (await _of_letters(engine), Counter[str]()) if file is None else _of_file(file, department)
        counts.update(await _import_all(engine, archive, given, letters=file is None, revise=revise))
        if revise:
            await (await archivist_of(engine, archive)).round()
        return counts
    except ArchiveError as error:
        refuse(error)
    except ContendedError:
        fail("archive.contended")
    except DATABASE_ERRORS as error:
        fail("ingest.no_database", problem=str(error).splitlines()[0])
    finally:
        await engine.dispose()


async def _import_all(
    engine: AsyncEngine, archive: Archive, given: Iterator[Given], *, letters: bool, revise: bool
) -> Counter[str]:
    counts: Counter[str] = Counter(stored=0, duplicate=0, rejected=0)
    async with locks.sole_or_none(engine, floors.ARCHIVE_LOCK, floors.ARCHIVE) as connection:
        if connection is None:
            fail("archive.busy")
        async with connection.begin():
            cities = await load_cities(connection)
        kpis = catalogue()
        measures = versions.basis(kpis, cities).hash
        importer = Importer(connection, archive, compile_measures(kpis), cities, utc_now, measures)
        while part := list(islice(given, AT_ONCE)):
            numbers = [one.number for one in part]
            done = await importer.add([one.body for one in part], numbers if letters else (), trial=not revise)
            _tell(done)
            counts.update(stored=done.stored, duplicate=done.duplicate, rejected=len(done.rejected))
    return counts


def _tell(done: Imported) -> None:
    for rejected in done.rejected:
        excerpt = rejected.body[:200].decode(errors="backslashreplace")
        typer.echo(f"{rejected.reason.value}: {rejected.detail}\n    {excerpt}", err=True)


async def _of_letters(engine: AsyncEngine) -> Iterator[Given]:
    """What scorers rejected as too old and nobody has imported; a letter that was cut cannot be."""
    c = dead_letter.c
    query = sa.select(c.id, c.payload).where(c.reason == Reason.TOO_OLD.value, c.replayed_at.is_(None), ~c.truncated)
    async with engine.connect() as connection:
        rows = (await connection.execute(query.order_by(c.id))).all()
    return iter([Given(bytes(row.payload), row.id) for row in rows])


def _of_file(file: Path, department: Identity | None) -> tuple[Iterator[Given], Counter[str]]:
    """An event per line, validated as a gateway would, or a department's table; what is invalid is said and counted."""
    rejected: Counter[str] = Counter()
    if department is not None:
        taken = files.read_table(file, department)
        files.Report(as_json=False).problems(taken)
        return iter([Given(event.body, number) for number, event in enumerate(taken.events, 1)]), rejected
    if not file.is_file():
        fail("cli.no_file", file=file)
    return (Given(outcome.body, number) for number, outcome in _outcomes(file, rejected)), rejected


def _outcomes(file: Path, rejected: Counter[str]) -> Iterator[tuple[int, Accepted]]:
    now = utc_now()
    pseudonyms = files.pseudonyms()
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                outcome = accept_item(Identity("", "", ""), line.strip(), None, now, Limits(), _itself, pseudonyms)
                if isinstance(outcome, Accepted) and b'"clockless":true' not in outcome.body:
                    yield number, outcome
                else:
                    rejected["rejected"] += 1
                    typer.echo(f"{file}:{number}: {_problem(outcome)}", err=True)


def _problem(outcome: Outcome) -> str:
    """What is wrong with a line, in the operator's language; English has the contract's own words."""
    if isinstance(outcome, Accepted):
        return text("files.time_missing")
    lang = language()
    if lang == "en":
        return outcome.detail
    rule = broken(outcome.detail) if outcome.reason is Reason.INVALID_FIELD else None
    said = text(f"ingest.reason_{outcome.reason.value}", lang)
    if rule:
        said = telling.of_rule(rule.rule, lang, rule.params)
    return f"{outcome.field}: {said}" if outcome.field else said


def _itself(source: str | None) -> Identity:
    """An operator may import for every source, but has to say which."""
    try:
        identity = parse_identity((source or "").removeprefix("/"))
    except ValueError as error:
        raise RejectedError(Reason.FOREIGN_IDENTITY, str(error), "$.source") from error
    if identity.source != source:
        raise RejectedError(Reason.FOREIGN_IDENTITY, f"source must be {identity.source}", "$.source")
    return identity
