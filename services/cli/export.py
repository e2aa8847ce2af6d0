"""`ahual export`: make and send what is due; look at deliveries, verify them, take in what SDU answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Final, NoReturn, TypeVar

import sqlalchemy as sa
import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.files import write_private
from schemas.catalogue import Period
from schemas.delivery import FACTS, Manifest, relative
from schemas.facts import facts as facts_of
from schemas.tables import delivery, delivery_sent
from services.cityscore.catalogue import load_catalogue
from services.cli.running import fail
from services.cli.settings import load
from services.export import facts, receipts, signing, verify
from services.export import main as export
from services.export.deliveries import Delivery, stored_rows
from services.export.errors import ExportError
from services.export.facts import Facts, MakeFacts
from services.export.folder import read_manifest
from services.export.main import Done
from services.export.receipts import Wrong
from services.export.rows import CityRow, Closed, read
from services.export.settings import ExportSettings
from services.runtime.clock import utc_now
from services.runtime.database import DATABASE_ERRORS, open_database
from services.runtime.messages import text
from services.runtime.process import run as run_process
from services.runtime.settings import DatabaseSettings
from services.scorer.archive import Archive
from services.scorer.facts import FactReader

T = TypeVar("T")
NOT_SENT: Final = 3
"""Exit code when something is left: a way out did not take it, facts could not be read, another export is at a city.

1: not made, 2: wrong settings or options.
"""
LISTED: Final = 50
Json = Annotated[bool, typer.Option("--json", help=text("ingest.json_help"))]
City = Annotated[str, typer.Option("--city", help=text("export.city"))]


def register(app: typer.Typer) -> None:
    """`ahual export` and its subcommands."""
    group = typer.Typer(help=text("export.help"), invoke_without_command=True)
    app.add_typer(group, name="export")

    @group.callback()
    def _run(
        context: typer.Context,
        city: Annotated[str | None, typer.Option("--city", help=text("export.city"))] = None,
        watch: Annotated[bool, typer.Option("--watch", help=text("export.watch"))] = False,
        as_json: Json = False,
    ) -> None:
        if context.invoked_subcommand is None:
            _export(city, watch=watch, as_json=as_json)

    group.command("list", help=text("export.list_help"))(_list)
    group.command("verify", help=text("export.verify_help"))(_verify)
    group.command("key", help=text("export.key_help"))(_key)
    group.command("facts", help=text("export.facts_help"))(_facts)
    group.command("receipt", help=text("export.receipt_help"))(_receipt)
    group.command("answers", help=text("export.answers_help"))(_answers)


def _export(city: str | None, *, watch: bool, as_json: bool) -> None:
    settings = load(ExportSettings)
    if watch:
        run_process(lambda stop: export.watch(settings, utc_now, stop, _reader(settings)), log_level="INFO")
        return
    done = _guarded(lambda: export.run_once(settings, utc_now, city, _reader(settings)))
    _say(done, as_json=as_json)
    if done.damaged:
        raise typer.Exit(1)
    if done.waiting or done.held or any(outcome.failure for outcome in done.outcomes):
        raise typer.Exit(NOT_SENT)


def _reader(settings: ExportSettings) -> MakeFacts:
    archive = Archive(settings.archive_folder) if settings.archive_folder else None
    return lambda engine: FactReader(engine, archive)


def _place(made: Delivery) -> PurePosixPath:
    return relative(made.city, made.closed.period, made.closed.name, made.revision, made.kind)


def _say(done: Done, *, as_json: bool) -> None:
    if as_json:
        made = [
            {
                "kind": d.kind,
                "city": d.city,
                "period": d.closed.period.value,
                "name": d.closed.name,
                "revision": d.revision,
            }
            for d in done.made
        ]
        ways = [{"way": o.way, "sent": o.sent, "failure": o.failure} for o in done.outcomes]
        held = {city: at_it._asdict() for city, at_it in done.held.items()}
        damaged = [_sentence(error) for error in done.damaged]
        told = {"made": made, "ways": ways, "waiting": done.waiting, "held": held, "damaged": damaged}
        typer.echo(json.dumps(told, ensure_ascii=False, default=str))
        return
    for made_one in done.made:
        typer.echo(str(_place(made_one)))
    for waiting in done.waiting:
        typer.echo(text("export.facts_waiting", problem=waiting), err=True)
    for city, at_it in done.held.items():
        since = f"{at_it.silent_since:%Y-%m-%d %H:%M:%S} UTC" if at_it.silent_since else "?"
        typer.echo(text("export.held", city=city, pid=at_it.pid, address=at_it.address or "?", since=since), err=True)
    for error in done.damaged:
        typer.echo(_sentence(error), err=True)
    typer.echo(text("export.made", count=len(done.made)))
    for outcome in done.outcomes:
        key = "export.way_failed" if outcome.failure else "export.way_sent"
        typer.echo(text(key, way=outcome.way, sent=outcome.sent, problem=outcome.failure), err=bool(outcome.failure))


def _list(
    city: Annotated[str | None, typer.Option("--city", help=text("export.city"))] = None,
    unconfirmed: Annotated[bool, typer.Option("--without-receipt", help=text("export.without_receipt"))] = False,
    limit: Annotated[int, typer.Option(min=1, help=text("ingest.dlq_limit"))] = LISTED,
    as_json: Json = False,
) -> None:
    rows = _guarded(lambda: _with_engine(lambda engine: _find(engine, city, limit, unconfirmed=unconfirmed)))
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, default=str))
        return
    for row in rows:
        ways = ", ".join(f"{s['way']}: {'✓' if s['sent_at'] else s['failure'] or '…'}" for s in row["sent"])
        receipt = "" if row["kind"] == "facts" else row["receipt"] or text("export.no_receipt")
        said = text("export.answered", **row["answers"]) if any(row["answers"].values()) else ""
        place = relative(row["city"], Period(row["period"]), row["name"], row["revision"], row["kind"])
        typer.echo("  ".join(filter(None, (str(place), receipt, said, ways))))
    typer.echo(text("export.listed", count=len(rows)))


async def _find(engine: AsyncEngine, city: str | None, limit: int, *, unconfirmed: bool) -> list[dict[str, Any]]:
    query = sa.select(delivery).order_by(delivery.c.stored_at.desc(), delivery.c.city, delivery.c.period).limit(limit)
    if city is not None:
        query = query.where(delivery.c.city == city)
    if unconfirmed:
        query = query.where(delivery.c.received_at.is_(None), delivery.c.kind == "kpis")
    key = ("city", "kind", "period", "end", "revision")
    async with engine.connect() as connection:
        rows = [dict(row) for row in (await connection.execute(query)).mappings()]
        named = sa.tuple_(*(delivery_sent.c[name] for name in key)).in_([[row[name] for name in key] for row in rows])
        sent = [dict(row) for row in (await connection.execute(sa.select(delivery_sent).where(named))).mappings()]
        answers = await receipts.counts(connection, [(row["city"], row["period"], row["name"]) for row in rows])
    return [
        {
            **row,
            "sent": [s for s in sent if all(s[name] == row[name] for name in key)],
            "answers": answers.get((row["city"], row["period"], row["name"]), receipts.NONE)._asdict(),
        }
        for row in rows
    ]


def _verify(
    folder: Annotated[Path, typer.Argument(help=text("export.verify_folder"))],
    public_key: Annotated[
        Path | None, typer.Option("--public-key", envvar="AHUAL_EXPORT_PUBLIC_KEY", help=text("export.public_key"))
    ] = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help=text("export.rebuild"))] = False,
) -> None:
    try:
        key = signing.public_key(public_key) if public_key else None
    except ExportError as error:
        _refuse(error, 2)
    places = verify.deliveries(folder)
    if not places:
        fail("export.no_delivery", folder=folder)
    found = [finding for place in places for finding in verify.check(place, key)]
    if rebuild and not found:
        found = _guarded(lambda: _with_engine(lambda engine: _against_database(engine, places)))
    for finding in found:
        typer.echo(text(f"export.problem_{finding.problem}", path=finding.path), err=True)
    typer.echo(text("export.verified" if key else "export.verified_unsigned", count=len(places), problems=len(found)))
    if found:
        raise typer.Exit(1)


async def _against_database(engine: AsyncEngine, places: Sequence[Path]) -> list[verify.Finding]:
    """Whether the rows of each delivery are those the database would deliver at that revision of every KPI."""
    catalogue = load_catalogue(own=load(ExportSettings).catalogue_folder)
    found: list[verify.Finding] = []
    async with engine.connect() as connection:
        for place in places:
            manifest = read_manifest(place)
            if manifest.kind == "facts":
                if not await _are_stored(_reader(load(ExportSettings))(engine), place, manifest):
                    found.append(verify.Finding(place, "other_rows"))
                continue
            stored = stored_rows(place)
            closed = Closed(manifest.period, manifest.name, manifest.begin, manifest.end)
            city = CityRow(manifest.city, stored[0].category)
            asked = {row.kpi: row.revision for row in stored}
            rows = await read(connection, catalogue, city, closed, asked)
            if rows != stored:
                found.append(verify.Finding(place, "other_rows"))
    return found


async def _are_stored(told: Facts, place: Path, manifest: Manifest) -> bool:
    """Whether the facts of a delivery are still those of its transactions. What was stored later is not compared."""
    delivered, batches = sha256(), set[int]()
    for fact in facts.read(place / FACTS):
        batches.add(fact.batch)
        delivered.update(repr(fact).encode())
    kept = sha256()
    async for page in told.read(manifest.begin, manifest.end):
        for fact in facts_of(page, manifest.city) if page.batch in batches else ():
            kept.update(repr(fact).encode())
    return delivered.digest() == kept.digest()


def _key(
    folder: Annotated[Path, typer.Argument(help=text("export.key_folder"))],
) -> None:
    private, public = keys_in(folder)
    if private.exists():
        fail("export.key_exists", path=private)
    ensure_keys(folder)
    typer.echo(text("export.key_made", private=private, public=public))


def keys_in(folder: Path) -> tuple[Path, Path]:
    """Where a folder has the private and the public key."""
    return folder / "export.key", folder / "export.pub"


def ensure_keys(folder: Path) -> Path:
    """The private key of a folder, which is made with its public half where there is none."""
    private, public = keys_in(folder)
    if not private.exists():
        folder.mkdir(parents=True, exist_ok=True)
        secret, shown = signing.generate()
        write_private(public, shown.decode(), 0o644)
        write_private(private, secret.decode())
    return private


def _facts(
    city: Annotated[str, typer.Argument(help=text("export.city"))],
    period: Annotated[Period, typer.Argument(help=text("export.period"))],
    name: Annotated[str, typer.Argument(help=text("export.name"))],
) -> None:
    settings = load(ExportSettings)
    try:
        made = _guarded(lambda: export.make_facts(settings, utc_now, _reader(settings), city, period, name))
    except LookupError as error:
        fail("export.facts_waiting", problem=error)
    if made is None:
        fail("export.no_kpis", city=city, period=period.value, name=name)
    typer.echo(str(_place(made)))


def _receipt(
    city: Annotated[str, typer.Argument(help=text("export.city"))],
    period: Annotated[Period, typer.Argument(help=text("export.period"))],
    name: Annotated[str, typer.Argument(help=text("export.name"))],
    revision: Annotated[int, typer.Argument(help=text("export.revision"))],
    reference: Annotated[str, typer.Argument(help=text("export.reference"))],
) -> None:
    async def note(engine: AsyncEngine) -> bool:
        async with engine.begin() as connection:
            return await receipts.record(connection, city, period, name, revision, reference, utc_now())

    if not _guarded(lambda: _with_engine(note)):
        fail("export.unknown_delivery", city=city, period=period.value, name=name, revision=revision)
    typer.echo(text("export.received"))


def _answers(
    file: Annotated[Path, typer.Argument(help=text("export.answers_file"))],
) -> None:
    try:
        lines = list(receipts.read(file))
    except (OSError, UnicodeDecodeError) as error:
        fail("export.bad_file", file=file, problem=error)
    wrong = [line for line in lines if isinstance(line, Wrong)]
    for line in wrong:
        typer.echo(text("export.bad_line", line=line.line, problem=line.problem), err=True)
    if wrong:
        fail("export.nothing_taken")

    async def store(engine: AsyncEngine) -> int:
        async with engine.begin() as connection:
            return await receipts.take_in(connection, [a for a in lines if not isinstance(a, Wrong)])

    new = _guarded(lambda: _with_engine(store))
    typer.echo(text("export.answers_taken", count=len(lines), new=new))


async def _with_engine(work: Callable[[AsyncEngine], Awaitable[T]]) -> T:
    engine = open_database(load(DatabaseSettings).database_url, pool_size=1, application="ahual-export")
    try:
        return await work(engine)
    finally:
        await engine.dispose()


def _guarded(work: Callable[[], Awaitable[T]]) -> T:
    """Run it; a failure is one sentence and exit code 1 (2 for settings)."""
    try:
        return asyncio.run(work())  # type: ignore[arg-type]  # every caller passes a coroutine function
    except ExportError as error:
        _refuse(error, 1 if error.key == "damaged" else 2)
    except DATABASE_ERRORS as error:
        fail("ingest.no_database", problem=str(error).splitlines()[0])


def _refuse(error: ExportError, code: int) -> NoReturn:
    typer.echo(_sentence(error), err=True)
    raise typer.Exit(code)


def _sentence(error: ExportError) -> str:
    return text(f"export.{error.key}", None, **error.params)
