"""`ahual api`: REST, live push and the page."""

from __future__ import annotations

import typer

from schemas.tables import REVISION
from services.api import main as api
from services.api.settings import ApiSettings
from services.cli.settings import load
from services.runtime.messages import text
from services.scorer.recomputing import Recomputer


def register(app: typer.Typer) -> None:
    """`ahual api`."""

    @app.command("api", help=text("api.help"))
    def _api() -> None:
        settings = load(ApiSettings)
        scheme = "https" if settings.own_certificate else "http"
        typer.echo(text("api.serving", url=f"{scheme}://{settings.api_host}:{settings.api_port}/"), err=True)
        api.main(settings, Recomputer, migration_head=REVISION)
