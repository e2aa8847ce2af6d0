"""What can be wrong with what is given to the methodology.

Exception
├── InputError       values, policies or cities that cannot be scored: the caller's to correct
└── CatalogueError   a catalogue file that cannot be used: its author's to correct
"""

from __future__ import annotations


class InputError(ValueError):
    """An input that cannot be scored. `key` and `params` name the sentence in `schemas/messages` that says so."""

    def __init__(self, key: str, **params: object) -> None:
        super().__init__(key, params)
        self.key = key
        self.params = params

    def __str__(self) -> str:
        return f"{self.key}({', '.join(f'{name}={value!r}' for name, value in self.params.items())})"


class CatalogueError(ValueError):
    """A catalogue file with a mistake, with the file and the line (from 1) where it stands."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"{file}:{line}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason
