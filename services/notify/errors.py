"""How notifying can fail.

NotifyError
├── RulesError    the file of rules is wrong: nothing starts
├── WayError      a way did not take a message: retry later
└── (database errors stay what they are: retry later, nothing was decided)
"""

from __future__ import annotations


class NotifyError(Exception):
    """Base; `key` is its text in `schemas/messages/notify.yaml`."""

    def __init__(self, key: str, **params: object) -> None:
        super().__init__(f"{key}: {params}")
        self.key = key
        self.params = params


class RulesError(NotifyError):
    """The rules cannot be understood."""


class WayError(NotifyError):
    """A way refused, or did not answer."""
