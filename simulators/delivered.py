"""What the other side acknowledged: the list the truth is computed from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO


class Delivered:
    """Acknowledged events as they were sent, in order of acknowledgement; kept in a file as well when one is named."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._events: list[bytes] = []
        self._file: IO[bytes] | None = path.open("ab") if path else None

    def add(self, event: bytes) -> None:
        """Remember one acknowledged event; a repeated one is remembered again."""
        if self._file:
            self._file.write(event + b"\n")
            self._file.flush()
        else:
            self._events.append(event)

    def __iter__(self) -> Iterator[bytes]:
        if self._path:
            yield from (line for line in self._path.read_bytes().split(b"\n") if line)
        else:
            yield from self._events

    def close(self) -> None:
        """Close the file; what it holds can still be read."""
        if self._file:
            self._file.close()
