"""Files that two processes may want at once, and files that nobody else may read."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file lock, which ends with the process whatever happens to it."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def write_private(path: Path, content: str, mode: int = 0o600) -> None:
    """Replace a file in one step; nobody ever sees half of it or, with 0600, any of it."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=mode)
    fresh.write_text(content, "utf-8")
    fresh.replace(path)
