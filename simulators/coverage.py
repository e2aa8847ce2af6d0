"""Which time of a city has been told already, kept in a file, so that a simulator started again fills the gaps only.

What was told live cannot be told again as history: an import lacks the mark that makes an event live, and the same
identity with other content is a conflict.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

Range = tuple[int, int]
"""Begin and end in ms since 1970, end excluded."""


class Coverage:
    """Time ranges told for one city and seed."""

    def __init__(self, path: Path | None, name: str) -> None:
        self._path = path
        self._name = name
        self._all: dict[str, list[list[int]]] = {}
        if path and path.exists():
            self._all = json.loads(path.read_text("utf-8"))

    def of(self, part: str) -> Coverage:
        """The ranges of a part of it, such as one system, in the same file."""
        own = Coverage(None, f"{self._name}/{part}")
        own._path, own._all = self._path, self._all
        return own

    @property
    def ranges(self) -> list[Range]:
        """What is covered, in order, touching ranges joined."""
        return [(begin, end) for begin, end in self._all.get(self._name, [])]

    def gaps(self, begin: int, end: int) -> Iterator[Range]:
        """What of this range is not covered."""
        for covered_begin, covered_end in self.ranges:
            if begin < min(covered_begin, end):
                yield begin, min(covered_begin, end)
            begin = max(begin, covered_end)
        if begin < end:
            yield begin, end

    def add(self, begin: int, end: int) -> None:
        """Cover a range, and write the file."""
        joined: list[list[int]] = []
        for first, last in sorted([*self.ranges, (begin, end)]):
            if joined and first <= joined[-1][1]:
                joined[-1][1] = max(joined[-1][1], last)
            else:
                joined.append([first, last])
        self._all[self._name] = joined
        if self._path:
            written = self._path.with_suffix(".new")
            written.write_text(json.dumps(self._all), "utf-8")
            written.replace(self._path)
