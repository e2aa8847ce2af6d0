"""`ahual ingest`: the gateway and intake."""

from __future__ import annotations

from typing import Annotated

import typer

from services.cli.running import fail
from services.cli.settings import load
from services.ingest.errors import KeyFileError
from services.ingest.main import retire, run
from services.ingest.settings import IngestSettings
from services.runtime.messages import text


def register(app: typer.Typer) -> None:
    """`ahual ingest`."""

    @app.command("ingest", help=text("ingest.help"))
    def _ingest(retiring: Annotated[bool, typer.Option("--retire", help=text("ingest.retire_help"))] = False) -> None:
        settings = load(IngestSettings)
        try:
            _serve(settings, retiring=retiring)
        except KeyFileError as error:
            fail("privacy.bad_file", problem=error)


def _serve(settings: IngestSettings, *, retiring: bool) -> None:
    if not retiring:
        run(settings)
    elif retire(settings):
        typer.echo(text("ingest.retired", name=settings.mqtt_client_id))
    else:
        fail("ingest.not_retired", name=settings.mqtt_client_id)
