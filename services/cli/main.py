"""The `ahual` command: each module of this folder registers its own subcommands."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Final

import typer

from services.runtime.messages import text

MODULES: Final = (
    "demo",
    "stack",
    "ingest",
    "key",
    "scorer",
    "api",
    "probe",
    "simulate",
    "sense",
    "catalogue",
    "database",
    "dlq",
    "source",
    "rebuild",
    "certs",
    "device",
    "user",
    "map",
    "archive",
    "importing",
    "privacy",
    "export",
    "notify",
)


def build(only: str | None = None) -> typer.Typer:
    """The command, with help in the language of `AHUAL_LANG`; `only` leaves out all modules but this one."""
    app = typer.Typer(help=text("cli.help"), no_args_is_help=True, pretty_exceptions_enable=False)
    # A callback makes it a group of commands even when there is only one.
    app.callback()(_no_options)
    for name in (only,) if only else MODULES:
        import_module(f"services.cli.{name}").register(app)
    return app


def main() -> None:
    """Run the command. One that has a module of its name loads only that: a service is to be back soon after a kill."""
    named = sys.argv[1] if len(sys.argv) > 1 else ""
    build(named if named in MODULES else None)()


def _no_options() -> None:
    """The command itself takes none."""
