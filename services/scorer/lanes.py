"""What waits of one partition between Kafka and the database: a few batches, bounded in records and in bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from services.scorer.types import Record

BATCH_BYTES: Final = 8 * 2**20
"""A batch is cut here, and a lane that holds more takes nothing."""


class Lane:
    """Records of one partition in the order of offsets, and the offset the database is known to be at."""

    def __init__(self, batch_records: int) -> None:
        self._batch_records = batch_records
        self._waiting: deque[Record] = deque()
        self._bytes = 0
        self.position = -1
        self.busy = False
        """Somebody is committing its batches."""

    def clear(self, position: int) -> None:
        """Begin anew at this offset."""
        self._waiting.clear()
        self._bytes = 0
        self.position = position

    @property
    def waiting(self) -> int:
        """Records that wait."""
        return len(self._waiting)

    @property
    def full(self) -> bool:
        """Whether a batch waits already."""
        return len(self._waiting) >= self._batch_records or self._bytes >= BATCH_BYTES

    def put(self, records: Sequence[Record]) -> None:
        """Let records wait."""
        self._waiting.extend(records)
        self._bytes += sum([len(record.value or b"") for record in records])

    def take(self) -> list[Record]:
        """The next batch; empty when nothing waits."""
        if len(self._waiting) <= self._batch_records and self._bytes <= BATCH_BYTES:
            batch = list(self._waiting)
            self._waiting.clear()
            self._bytes = 0
            return batch
        return self._cut()

    def _cut(self) -> list[Record]:
        batch: list[Record] = []
        size = 0
        while self._waiting and len(batch) < self._batch_records and size < BATCH_BYTES:
            record = self._waiting.popleft()
            batch.append(record)
            size += len(record.value or b"")
        self._bytes -= size
        return batch
