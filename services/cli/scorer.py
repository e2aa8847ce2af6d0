"""`ahual scorer`: consume, fold, store, score."""

from __future__ import annotations

from functools import partial

import typer

from services.cli.settings import load
from services.runtime import process
from services.runtime.messages import text
from services.scorer import main as scorer
from services.scorer.settings import ScorerSettings


def register(app: typer.Typer) -> None:
    @app.command("scorer", help=text("cli.scorer"))
    def _scorer() -> None:
        settings = load(ScorerSettings)
        process.run(partial(scorer.run, settings), log_level=settings.log_level)
