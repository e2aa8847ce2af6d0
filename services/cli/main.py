"""The `ahual` command: each module of this folder registers its own subcommands."""

from __future__ import annotations

import typer

from services.cli import api, catalogue, database, demo, dlq, ingest, scorer, simulate, stack
from services.runtime.messages import text


def build() -> typer.Typer:
    """The whole command, with help in the language of `AHUAL_LANG`."""
    app = typer.Typer(help=text("cli.help"), no_args_is_help=True, pretty_exceptions_enable=False)
    for module in (demo, stack, ingest, scorer, api, simulate, catalogue, database, dlq):
        module.register(app)
    return app


def main() -> None:
    build()()
