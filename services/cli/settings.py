"""Reading settings for a command: a missing variable is named, with how to set it."""

from __future__ import annotations

from typing import TypeVar

import typer
from pydantic import ValidationError

from services.runtime.messages import text
from services.runtime.settings import DatabaseSettings

S = TypeVar("S", bound=DatabaseSettings)


def load(kind: type[S]) -> S:
    """Settings from the environment; exit 2 with one line per wrong variable."""
    try:
        return kind()
    except ValidationError as error:
        for problem in error.errors():
            variable = "AHUAL_" + "_".join(str(part) for part in problem["loc"]).upper()
            typer.echo(text("cli.bad_setting", variable=variable, problem=problem["msg"]), err=True)
        raise typer.Exit(2) from None
