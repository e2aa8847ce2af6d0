"""Reading settings for a command: from the environment, else of the local stack; what is wrong is named."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeVar

import typer
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from services.runtime.messages import text

S = TypeVar("S", bound=BaseSettings)


def load(kind: type[S]) -> S:
    """Settings from the environment; exit 2 with one line per wrong variable.

    Without `AHUAL_DATABASE_URL` what the environment leaves open is that of the local stack (`AHUAL_STACK_FOLDER` or
    `.stack`), if there is one.
    """
    try:
        return kind(**_of_local_stack(kind))
    except ValidationError as error:
        for problem in error.errors():
            variable = "AHUAL_" + "_".join(str(part) for part in problem["loc"]).upper()
            typer.echo(text("cli.bad_setting", variable=variable, problem=problem["msg"]), err=True)
        raise typer.Exit(2) from None


def _of_local_stack(kind: type[BaseSettings]) -> dict[str, Any]:
    if "AHUAL_DATABASE_URL" in os.environ:
        return {}
    from deploy.stack.stack import Stack  # noqa: PLC0415 -- a service that is told all does not pay for it

    stack = Stack(Path(os.environ.get("AHUAL_STACK_FOLDER", ".stack")))
    if not stack.layout.secrets.exists():
        return {}
    variables = {
        name.removeprefix("AHUAL_").lower(): value for name, value in stack.env().items() if name not in os.environ
    }
    return {name: value for name, value in variables.items() if name in kind.model_fields}
