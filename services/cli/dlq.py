"""`ahual dlq list|show|replay`: what was rejected, and sending it once more."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

import typer

from services.cli.running import fail, with_database
from services.cli.settings import load
from services.ingest import replay
from services.ingest.dead_letters import KEPT_BYTES
from services.ingest.errors import KeyFileError, NotReplayableError, SealError, UnconfirmedError
from services.ingest.forwarder import Forwarder
from services.ingest.privacy import Privacy
from services.ingest.registry_reader import RegistryReader
from services.ingest.seal import Opened, Opener
from services.ingest.settings import IngestSettings, OpenerSettings
from services.ingest.validation import Limits
from services.runtime.clock import utc_now
from services.runtime.kafka import open_producer
from services.runtime.messages import text
from services.runtime.metrics import Metrics


def register(app: typer.Typer) -> None:
    """`ahual dlq list|show|replay`."""
    group = typer.Typer(help=text("ingest.dlq_help"), no_args_is_help=True)
    app.add_typer(group, name="dlq")

    @group.command("list", help=text("ingest.dlq_list_help"))
    def _list(
        city: Annotated[str | None, typer.Option(help=text("ingest.dlq_city"))] = None,
        reason: Annotated[str | None, typer.Option(help=text("ingest.dlq_reason"))] = None,
        since: Annotated[datetime | None, typer.Option(help=text("ingest.dlq_since"))] = None,
        limit: Annotated[int, typer.Option(min=1, help=text("ingest.dlq_limit"))] = 50,
        as_json: Annotated[bool, typer.Option("--json", help=text("ingest.json_help"))] = False,
    ) -> None:
        filters = replay.Filters(city, reason, _utc(since))
        rows = asyncio.run(with_database(lambda engine: replay.find(engine, filters, limit)))
        _print_list(rows, as_json=as_json)

    @group.command("show", help=text("ingest.dlq_show_help"))
    def _show(
        letter_id: Annotated[int, typer.Argument(help=text("ingest.dlq_id"))],
        as_json: Annotated[bool, typer.Option("--json", help=text("ingest.json_help"))] = False,
    ) -> None:
        row = asyncio.run(with_database(lambda engine: replay.get(engine, letter_id)))
        if row is None:
            fail("ingest.dlq_unknown", id=letter_id)
        opener = _opener()
        try:
            opened = replay.opened(row, opener)
        except SealError:
            fail(_why_sealed(opener), id=letter_id)
        _print_one(row, opened, as_json=as_json)

    @group.command("replay", help=text("ingest.dlq_replay_help"))
    def _replay(
        ids: Annotated[list[int] | None, typer.Argument(help=text("ingest.dlq_id"))] = None,
        everything: Annotated[bool, typer.Option("--all", help=text("ingest.dlq_all"))] = False,
        city: Annotated[str | None, typer.Option(help=text("ingest.dlq_city"))] = None,
        reason: Annotated[str | None, typer.Option(help=text("ingest.dlq_reason"))] = None,
        since: Annotated[datetime | None, typer.Option(help=text("ingest.dlq_since"))] = None,
        as_json: Annotated[bool, typer.Option("--json", help=text("ingest.json_help"))] = False,
    ) -> None:
        if not ids and not everything:
            fail("ingest.dlq_which")
        filters = replay.Filters(city, reason, _utc(since))
        results = asyncio.run(with_database(lambda engine: _replay_all(engine, ids or [], filters)))
        _print_results(results, as_json=as_json)
        if not all(result["replayed"] for result in results):
            raise typer.Exit(1)


def _print_list(rows: Sequence[Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([_brief(row) for row in rows], default=str, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(_line(row))
    if not rows:
        typer.echo(text("ingest.dlq_none"), err=True)


def _print_one(row: Any, opened: Opened, *, as_json: bool) -> None:
    brief = {**_brief(row), "topic": opened.topic, "sha256": opened.sha256}
    if as_json:
        full = {**brief, "payload": base64.b64encode(opened.payload).decode()}
        typer.echo(json.dumps(full, default=str, ensure_ascii=False))
        return
    for name, value in brief.items():
        typer.echo(f"{name:12} {'' if value is None else value}")
    typer.echo(f"\n{opened.payload.decode(errors='backslashreplace')}")


def _opener() -> Opener | None:
    """What opens sealed payloads: the administrator's, if it is named."""
    file = load(OpenerSettings).seal_private_key_file
    try:
        return Opener.read(file) if file else None
    except KeyFileError as error:
        fail("privacy.bad_file", problem=error)


def _why_sealed(opener: Opener | None) -> str:
    return "ingest.dlq_not_opened" if opener else "ingest.dlq_sealed"


def _print_results(results: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(results, ensure_ascii=False))
        return
    for result in results:
        typer.echo(result["message"], err=not result["replayed"])


async def _replay_all(engine: Any, ids: Sequence[int], filters: replay.Filters) -> list[dict[str, Any]]:
    settings = load(IngestSettings)
    how = _How(settings.limits, _privacy(settings), _opener(), RegistryReader(engine))
    tls = settings.client_tls()
    chosen = ids or await replay.find_pending(engine, filters)
    forwarder = Forwarder(lambda: open_producer(settings.kafka_bootstrap, client_id="ahual-dlq", tls=tls), Metrics())
    started = False
    try:
        if chosen:
            started = True
            await forwarder.start()
            await how.reader.refresh()
        return [await _replay_one(engine, forwarder, how, letter_id) for letter_id in chosen]
    finally:
        if started:
            await forwarder.close()


class _How(NamedTuple):
    """By which terms letters are validated again, and what opens them."""

    limits: Limits
    privacy: Privacy
    opener: Opener | None
    reader: RegistryReader


def _privacy(settings: IngestSettings) -> Privacy:
    try:
        return settings.privacy()
    except KeyFileError as error:
        fail("privacy.bad_file", problem=error)


async def _replay_one(engine: Any, forwarder: Forwarder, how: _How, letter_id: int) -> dict[str, Any]:
    row = await replay.get(engine, letter_id)
    if row is None:
        return _result(letter_id, "dlq_unknown")
    now = utc_now()
    try:
        outcomes = replay.revalidate(row, now, how.limits, how.privacy, how.opener, how.reader.registry)
        wrong = replay.first_rejected(outcomes)
        if wrong is not None:
            params = {"reason": wrong.reason.value, "field": wrong.field or "", "detail": wrong.detail}
            return _result(letter_id, "dlq_still_wrong", **params)
        count = await replay.send(engine, forwarder, row, outcomes, now)
    except NotReplayableError as error:
        return _result(letter_id, str(error), kept=min(KEPT_BYTES, len(row.payload)), size=row.size)
    except SealError:
        return _result(letter_id, "dlq_not_opened" if how.opener else "dlq_sealed")
    except UnconfirmedError:
        return _result(letter_id, "dlq_unconfirmed")
    return _result(letter_id, "dlq_replayed", count=count)


def _result(letter_id: int, key: str, **params: object) -> dict[str, Any]:
    message = text(f"ingest.{key}", None, id=letter_id, **params)
    return {"id": letter_id, "replayed": key == "dlq_replayed", "result": key, "message": message}


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


def _brief(row: Any) -> dict[str, Any]:
    return {
        name: moment.isoformat() if isinstance(moment := getattr(row, name), datetime) else moment
        for name in (
            "id", "rejected_at", "reason", "field", "detail", "topic", "city", "system", "device", "size", "sha256",
            "truncated", "replayed_at",
        )
    }  # fmt: skip


def _line(row: Any) -> str:
    mark = "↻" if row.replayed_at else " "
    return (
        f"{row.id:>8} {mark} {row.rejected_at:%Y-%m-%d %H:%M:%S}  {row.reason:19} {row.field or '—'}  "
        f"{row.topic}  {row.size} B  {row.detail[:100]}"
    )
