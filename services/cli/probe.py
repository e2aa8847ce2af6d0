"""`ahual probe`: the outside observer."""

from __future__ import annotations

import typer

from services.cli.settings import load
from services.probe import main as probe
from services.probe.errors import SpoolTakenError
from services.probe.settings import ProbeSettings
from services.runtime.messages import text


def register(app: typer.Typer) -> None:
    """`ahual probe`."""

    @app.command("probe", help=text("probe.help"))
    def _probe() -> None:
        settings = load(ProbeSettings)
        try:
            probe.main(settings)
        except SpoolTakenError as error:
            typer.echo(text("probe.spool_taken", path=error.path), err=True)
            raise typer.Exit(1) from None
