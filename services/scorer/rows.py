"""Rows of the ledger as PostgreSQL's binary COPY wants them, built for a whole batch at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.scorer.types import Decoded

COLUMNS: Final = ("time", "id_hash", "content_hash", "batch", "position")
_TYPES: Final = (">i8", ">i8", ">i8", ">i8", ">i4")
_ROW: Final = np.dtype(
    [("fields", ">i2")]
    + [pair for name, kind in zip(COLUMNS, _TYPES, strict=True) for pair in ((f"{name}_bytes", ">i4"), (name, kind))]
)
_BEGIN: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END: Final = b"\xff\xff"
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def encode(events: Sequence[Decoded], batch: int) -> bytes:
    """One row per event; its position in the batch is that in the sequence."""
    rows: NDArray[np.void] = np.empty(len(events), _ROW)
    rows["fields"] = len(COLUMNS)
    for name in COLUMNS:
        rows[f"{name}_bytes"] = _ROW[name].itemsize
    id_hashes, times = zip(*[event.key for event in events], strict=True)
    rows["time"] = [(time - _EPOCH) // _MICROSECOND for time in times]
    rows["id_hash"] = id_hashes
    rows["content_hash"] = [event.content_hash for event in events]
    rows["batch"] = batch
    rows["position"] = np.arange(len(events))
    return b"".join((_BEGIN, rows.tobytes(), _END))
