"""The API's own description: failures are problem details, which FastAPI would call plain JSON."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI

PROBLEM: Final = {
    "description": "RFC 9457 problem details",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def describe(app: FastAPI) -> None:
    """Let `app` describe its failures as it answers them."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        schema = plain()
        for operations in schema["paths"].values():
            for operation in operations.values():
                for status in {"default", "422"} & operation["responses"].keys():
                    operation["responses"][status] = PROBLEM
        for unused in ("HTTPValidationError", "ValidationError"):
            schema["components"]["schemas"].pop(unused, None)
        return schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way
