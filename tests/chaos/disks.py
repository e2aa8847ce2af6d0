"""Small disks of their own for servers, to be filled to the last byte. Mounting needs root."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

BALLOON = ".balloon"


@contextmanager
def mounted(place: Path, *, megabytes: int) -> Iterator[None]:
    """A file system in memory of this size, gone at the end with all that is in it."""
    if os.geteuid() != 0:
        raise PermissionError("only root may mount the small disks of this scenario")
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(place: Path) -> None:
    """Leave no room."""
    with (place / BALLOON).open("wb", buffering=0) as balloon:
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    balloon.write(b"\0" * size)


def make_room(place: Path) -> None:
    """Give it back."""
    (place / BALLOON).unlink()
