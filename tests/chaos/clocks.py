"""Services whose wall clock can be turned, by Debian's libfaketime."""

from __future__ import annotations

from pathlib import Path

from deploy.stack import Stack


def settings(stack: Stack, service: str) -> dict[str, str]:
    """What a service is started with so that `turn` reaches it; FileNotFoundError without the library."""
    library = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)
    if library is None:
        raise FileNotFoundError("libfaketime is missing: apt-get install faketime")
    turn(stack, service, 0)
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(_file(stack, service)),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def turn(stack: Stack, service: str, seconds: int) -> None:
    """Let the service's wall clock be off by so much from now on."""
    _file(stack, service).write_text(f"{seconds:+d}s\n")


def _file(stack: Stack, service: str) -> Path:
    return stack.layout.folder / f"clock-{service}"
