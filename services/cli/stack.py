"""`ahual stack up|down|status`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from deploy.stack.errors import StackError
from deploy.stack.ports import Ports
from deploy.stack.progress import ConsoleProgress
from deploy.stack.stack import SERVERS, Stack
from services.runtime.messages import text

Folder = Annotated[Path, typer.Option(envvar="AHUAL_STACK_FOLDER", help=text("stack.help_folder"))]
DEFAULT_FOLDER = Path(".stack")


def register(app: typer.Typer) -> None:
    """Add the `stack` commands."""
    group = typer.Typer(help=text("stack.help"), no_args_is_help=True)
    group.command("up", help=text("stack.help_up"))(up)
    group.command("down", help=text("stack.help_down"))(down)
    group.command("status", help=text("stack.help_status"))(status)
    group.command("backup", help=text("stack.help_backup"))(backup)
    group.command("restore", help=text("stack.help_restore"))(restore)
    app.add_typer(group, name="stack")


def up(
    folder: Folder = DEFAULT_FOLDER,
    tls: Annotated[bool | None, typer.Option("--tls/--no-tls", help=text("stack.help_tls"))] = None,
) -> None:
    """Set up and start the three servers."""
    console = Console()
    with one_sentence():
        stack = Stack(folder, progress=ConsoleProgress(console))
        stack.up(tls=tls)
    told = stack.ports.model_dump() | {"secrets": stack.layout.secrets}
    console.print(text("stack.up", **told), highlight=False, markup=False, soft_wrap=True)


def down(
    folder: Folder = DEFAULT_FOLDER,
    wipe: Annotated[bool, typer.Option("--wipe", help=text("stack.help_wipe"))] = False,
) -> None:
    """Stop everything, and only what the stack started."""
    console = Console()
    with one_sentence():
        stack = Stack(folder)
        with ConsoleProgress(console).step("stopping"):
            count = stack.down()
            if wipe:
                stack.wipe()
    console.print(text("stack.down", count=count), highlight=False)


def backup(
    target: Annotated[Path, typer.Argument(help=text("stack.help_target"))], folder: Folder = DEFAULT_FOLDER
) -> None:
    """A verified copy of the running database."""
    with one_sentence():
        size = Stack(folder).backup(target)
    typer.echo(text("stack.backed_up", where=target, megabytes=round(size / 1e6)))


def restore(
    source: Annotated[Path, typer.Argument(help=text("stack.help_source"))], folder: Folder = DEFAULT_FOLDER
) -> None:
    """A backup in the place of the stopped database."""
    with one_sentence():
        old = Stack(folder, progress=ConsoleProgress(Console())).restore(source)
    typer.echo(text("stack.restored", where=source))
    if old:
        typer.echo(text("stack.put_aside", where=old))


def status(folder: Folder = DEFAULT_FOLDER) -> None:
    """A table of programs; exit code 1 unless all servers answer."""
    console = Console()
    with one_sentence():
        stack = Stack(folder)
        programs = stack.status()
        answering = {name: stack.ready(name) for name in SERVERS} if programs else {}
    if not programs:
        console.print(text("stack.nothing_runs", folder=stack.layout.folder), soft_wrap=True, markup=False)
        raise typer.Exit(1)
    table = Table(*(text(f"stack.column_{name}") for name in ("program", "state", "answers")), "pid")
    table.add_column(text("stack.column_uptime"), justify="right")
    for program in programs:
        answers = {True: "✓", False: "✗", None: ""}[answering.get(program.name)]
        table.add_row(program.name, program.state, answers, str(program.pid or ""), str(program.uptime_s))
    console.print(table)
    if not all(answering.values()):
        raise typer.Exit(1)


@contextmanager
def one_sentence() -> Iterator[None]:
    """Show a StackError as its sentence on standard error, and leave with exit code 1; 2 for a port that is no port."""
    try:
        yield
    except ValidationError as error:
        if error.title != Ports.__name__:
            raise
        wrong = error.errors()[0]
        variable = "AHUAL_PORT_" + "_".join(map(str, wrong["loc"])).upper()
        typer.secho(text("cli.bad_setting", variable=variable, problem=wrong["msg"]), err=True, fg=typer.colors.RED)
        raise typer.Exit(2) from error
    except StackError as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        raise typer.Exit(1) from error
