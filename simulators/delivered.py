"""What the other side acknowledged: the list the truth is computed from, and what it must have refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
        self._spoilt: dict[bytes, str] = {}
        self._refused: dict[bytes, str] = {}
        self._packs: dict[bytes, bytes] = {}
        self.count = 0
        """Acknowledgements in this process."""

    @property
    def refused(self) -> Mapping[bytes, str]:
        """Messages that were acknowledged and must be dead letters, each with its reason."""
        return self._refused

    def expect(self, message: bytes, refusal: str) -> None:
        """Take note, before it is sent, that a message is to be refused for this reason."""
        self._spoilt[message] = refusal

    def expect_as(self, message: bytes, event: bytes) -> None:
        """Take note, before it is sent, which event a pack must become."""
        self._packs[message] = event

    def add(self, event: bytes) -> None:
        """Remember one acknowledged event, or pack; a repeated one is remembered again."""
        self.count += 1
        event = self._packs.get(event, event)
        if event in self._spoilt:
            self._refused[event] = self._spoilt[event]
        elif self._file:
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
