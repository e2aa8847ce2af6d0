"""Tables of departments by command: check them, or send them the way that devices' events go."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import typer

from schemas.identity import Identity, parse_identity
from services.cli.running import fail
from services.cli.settings import load
from services.ingest.errors import KeyFileError, UnconfirmedError
from services.ingest.files import telling, templates
from services.ingest.files.columns import types_of
from services.ingest.files.reading import FileError, read
from services.ingest.files.rows import Taken, Terms, take
from services.ingest.files.upload import batched
from services.ingest.forwarder import Forwarder
from services.ingest.intake import TOPIC
from services.ingest.pseudonyms import Pseudonyms
from services.ingest.records import outgoing
from services.ingest.settings import IngestSettings, PrivacySettings
from services.ingest.validation import Accepted, Limits
from services.runtime.clock import utc_now
from services.runtime.kafka import open_producer
from services.runtime.messages import language, text
from services.runtime.metrics import Metrics

TABLES: Final = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".xls"})
AT_ONCE: Final = 5000
CONFIRM_S: Final = 60.0


def is_table(file: Path) -> bool:
    """Whether people filled this file in; anything else holds an event per line."""
    return file.suffix.lower() in TABLES


def department_of(name: str | None) -> Identity:
    """Whose file it is; exit 2 without a name, 1 with one that is none."""
    if name is None:
        typer.echo(text("files.whose"), err=True)
        raise typer.Exit(2)
    try:
        return parse_identity(name)
    except ValueError:
        fail("ingest.key_bad_name", name=name)


def pseudonyms() -> Pseudonyms:
    """The hash keys of this installation."""
    try:
        return load(PrivacySettings).privacy().pseudonyms
    except KeyFileError as error:
        fail("privacy.bad_file", problem=error)


def read_table(file: Path, department: Identity) -> Taken:
    """The file's rows; exit 1 with one sentence when it cannot be read."""
    if not file.is_file():
        fail("cli.no_file", file=file)
    try:
        return take(read(file.read_bytes(), file.name), Terms(department, utc_now(), Limits(), pseudonyms()))
    except FileError as error:
        typer.echo(f"{file}: {telling.of_file(error, language())}", err=True)
        raise typer.Exit(1) from None


@dataclass(frozen=True, slots=True)
class Report:
    """How a command tells what became of a file."""

    as_json: bool

    def problems(self, taken: Taken) -> None:
        """Exit 1 when a row is wrong."""
        if not taken.problems:
            return
        told = telling.summary(taken.problems, language())
        if self.as_json:
            typer.echo(json.dumps({"rows": taken.rows, "accepted": 0, "problems": told}, ensure_ascii=False))
        else:
            for problem in told:
                typer.echo(telling.line(problem, language()), err=True)
            typer.echo(text("files.nothing_taken", None, problems=len(told)), err=True)
        raise typer.Exit(1)

    def done(self, taken: Taken, *, sent: bool) -> None:
        """All rows are good."""
        if self.as_json:
            accepted = len(taken.events) if sent else 0
            typer.echo(json.dumps({"rows": taken.rows, "accepted": accepted, "problems": []}))
        else:
            typer.echo(text("files.sent" if sent else "files.good", None, rows=taken.rows))


async def send(events: Sequence[Accepted]) -> None:
    """To Kafka, as the gateway would; exit 1 when it does not confirm: what is sent again counts once."""
    settings = load(IngestSettings)
    tls = settings.client_tls()
    forwarder = Forwarder(lambda: open_producer(settings.kafka_bootstrap, client_id="ahual-import", tls=tls), Metrics())
    await forwarder.start()
    try:
        for part in batched(events, AT_ONCE):
            await forwarder.confirm([outgoing(event, TOPIC, None, utc_now(), None) for event in part], CONFIRM_S)
    except UnconfirmedError:
        fail("files.unconfirmed")
    finally:
        await forwarder.close()


def write_template(system: str, event: str | None, kind: str, out: Path | None, echo: Callable[[Any], None]) -> None:
    """A workbook of all of a system's events, or the CSV of one."""
    types = types_of(system)
    if not any(data.system == system for data in types.values()):
        typer.echo(text("files.only_general", None, system=system), err=True)
    if kind == "xlsx":
        target = out or Path(f"{system}.xlsx")
        target.write_bytes(templates.workbook(system, language()))
        echo(text("files.written", None, file=target))
        return
    chosen = types if event is None else {event: types[event]} if event in types else fail_event(types)
    folder = out or Path()
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in chosen.items():
        target = folder / f"{name}.csv"
        target.write_bytes(templates.csv_template(data, language()))
        echo(text("files.written", None, file=target))


def fail_event(types: Any) -> Any:
    """Exit 1: no such event."""
    fail("files.unknown_event", types=", ".join(types))
