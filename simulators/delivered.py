"""What the other side acknowledged: the list the truth is computed from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO


class Delivered:
    """Acknowledged events as they were sent, in order of acknowledgement.

    They are kept in memory, or appended to a file when one is named; with `keep` off only counted.
    """

    def __init__(self, path: Path | None = None, *, keep: bool = True) -> None:
        self._path = path
        self._events: list[bytes] = []
        self._keep = keep
        self._file: IO[bytes] | None = path.open("ab") if path else None
        self.count = 0
        """Acknowledgements in this process."""

    def add(self, event: bytes) -> None:
        """Remember one acknowledged event; a repeated one is remembered again."""
        self.count += 1
        if self._file:
            self._file.write(event + b"\n")
        elif self._keep:
            self._events.append(event)

    def __iter__(self) -> Iterator[bytes]:
        """All of them; those in a file include what earlier runs wrote there."""
        if self._path is None:
            yield from self._events
            return
        self.flush()
        with self._path.open("rb") as file:
            yield from (line.rstrip(b"\n") for line in file)

    def flush(self) -> None:
        """Hand the file's buffer to the system."""
        if self._file and not self._file.closed:
            self._file.flush()

    def close(self) -> None:
        """Close the file; what it holds can still be read."""
        if self._file:
            self._file.close()
