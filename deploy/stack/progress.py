"""Saying what takes long, and how long it took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

from rich.console import Console

from services.runtime.messages import text


class Progress(Protocol):
    """Told about every step of the stack."""

    def step(self, key: str, **params: object) -> AbstractContextManager[object]:
        """A step that lasts as long as the block; `key` is a text of the room's messages."""
        ...


class Silent:
    """For tests and for programs that talk otherwise."""

    def step(self, key: str, **params: object) -> AbstractContextManager[object]:
        """Check that the text exists, and say nothing."""
        text(f"stack.{key}", None, **params)
        return nullcontext()


class ConsoleProgress:
    """A spinner while the step runs on a terminal, then one line with the seconds it took."""

    def __init__(self, console: Console, room: str = "stack") -> None:
        self._console = console
        self._room = room

    @contextmanager
    def step(self, key: str, **params: object) -> Iterator[None]:
        """Show the step; a failed one leaves no line, its error follows."""
        label = text(f"{self._room}.{key}", None, **params)
        started = time.monotonic()
        if not self._console.is_terminal:
            self._console.print(f"… {label}", highlight=False, markup=False)
        with self._console.status(label) if self._console.is_terminal else nullcontext():
            yield
        seconds = time.monotonic() - started
        self._console.print(f"[green]✓[/] {label} [dim]{seconds:.1f} s[/]", highlight=False)
