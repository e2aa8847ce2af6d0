"""The API's OpenAPI document as the dashboard's typed client is made from it: `python -m tests.dashboard.contract`.

Without prose and examples, so that a client is out of date only when a type or path is.
"""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any, Final

from pydantic import SecretStr

from services.api.app import create_app
from services.api.settings import ApiSettings
from services.scorer.recomputing import Recomputer

_PROSE: Final = {"description", "summary", "title", "example", "examples"}
_NAMED: Final = {"properties", "schemas", "paths", "responses"}


def document() -> str:
    """The document, keys in order."""
    settings = ApiSettings(database_url=SecretStr("postgresql+asyncpg://nobody@127.0.0.1/none"), allow_plaintext=True)
    plain = create_app(settings, Recomputer).openapi()
    plain["info"] = {"title": "Ahual", "version": "1"}
    return json.dumps(_without_prose(plain), ensure_ascii=False, sort_keys=True)


def fingerprint() -> str:
    """SHA-256 of the document, which the client's first line names."""
    return hashlib.sha256(document().encode()).hexdigest()


def _without_prose(value: Any, *, names: bool = False) -> Any:
    """`names`: the keys are names of things, such as a property that is called `description`."""
    if isinstance(value, list):
        return [_without_prose(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _without_prose(item, names=not names and key in _NAMED)
        for key, item in value.items()
        if names or key not in _PROSE
    }


if __name__ == "__main__":
    sys.stdout.write(document())
