"""`ahual scorer`: consume, fold, store, score."""

from __future__ import annotations

from functools import partial

import typer

from services.cli.settings import load
from services.runtime import process
from services.runtime.messages import text
from services.scorer import main as scorer
from services.scorer.errors import OutdatedError
from services.scorer.settings import ScorerSettings


def register(app: typer.Typer) -> None:
    @app.command("scorer", help=text("cli.scorer"))
    def _scorer() -> None:
        settings = load(ScorerSettings)
        try:
            process.run(partial(scorer.run, settings), log_level=settings.log_level)
        except BaseExceptionGroup as group:
            outdated = _first(group)
            if outdated is None:
                raise
            since = f"{outdated.since:%Y-%m-%d %H:%M}"
            typer.echo(text("rebuild.outdated", partition=outdated.partition, since=since), err=True)
            raise typer.Exit(1) from None


def _first(error: BaseException) -> OutdatedError | None:
    """The first OutdatedError in a group, however deep."""
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(_first, error.exceptions)), None)
    return error if isinstance(error, OutdatedError) else None
