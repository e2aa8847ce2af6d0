"""How the export can fail.

ExportError
├── KeyFileError    the signing key or a public key is missing or is none
├── WaysError       the file of ways out is wrong: nothing starts
├── DamagedError    a stored delivery is not what its manifest says: it is not served and not sent
├── WayError        a way out did not take a delivery: retry later
└── (database errors stay what they are: retry later, nothing was stored)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class ExportError(Exception):
    """Base of the export's own failures; `key` is its text in `schemas/messages/export.yaml`."""

    def __init__(self, key: str, **params: object) -> None:
        super().__init__(f"{key}: {params}")
        self.key = key
        self.params = params


class KeyFileError(ExportError):
    """No usable Ed25519 key."""


class WaysError(ExportError):
    """The ways out cannot be understood."""


class WayError(ExportError):
    """A way out refused, or did not answer."""


class DamagedError(ExportError):
    """Files of a delivery differ from its manifest."""

    def __init__(self, folder: Path, problems: Sequence[str]) -> None:
        super().__init__("damaged", folder=folder, problems=", ".join(problems))
        self.problems = tuple(problems)
