"""Bodies of a batch in one compressed piece: a line of canonical JSON per position, empty where nothing was stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cramjam

LEVEL: Final = 1
"""Of zstd: higher ones are slower and hardly smaller on lines that resemble each other."""


def pack(lines: Sequence[bytes]) -> bytes:
    """One zstd frame."""
    joined = b"\n".join(lines)
    if joined.count(b"\n") >= max(1, len(lines)):
        # Between JSON's tokens a line feed is white space, inside its strings it cannot stand: a blank says the same.
        joined = b"\n".join([line.replace(b"\n", b" ") for line in lines])
    return bytes(cramjam.zstd.compress(joined, level=LEVEL))


def unpack(packed: bytes) -> list[bytes]:
    """The lines in the order of their positions."""
    return bytes(cramjam.zstd.decompress(packed)).split(b"\n")
