"""What it costs the scorer to note its sources: CPU time per event of one core.

Prints a table, asserts nothing. `python -m tests.bench.bench_sources`
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import process_time
from typing import Final

from rich.console import Console
from rich.table import Table

from services.scorer.activity import observe
from services.scorer.decoding import RecordDecoder
from services.scorer.types import City, Decoded, Record
from tests.scorer.events import answered

BATCH: Final = 5000
ROUNDS: Final = 20
BEGIN: Final = datetime(2026, 11, 22, 10, tzinfo=UTC)


def batch(sources: int) -> tuple[list[Decoded], list[Record]]:
    """Events of so many sources in turns, with stamp and sequence, within one hour."""
    records = []
    for number in range(BATCH):
        time = (BEGIN + timedelta(milliseconds=100 * number)).isoformat()
        body = answered(time, time, id=str(number), sequence=str(number // sources), recordedtime=time)
        source = f"pbx-{number % sources + 1}".encode()
        records.append(Record(number, body.replace(b"pbx-1", source), 1_795_000_000_000 + number))
    decoded, rejected = RecordDecoder().decode(records, {"karaganda": City("karaganda", "regional", "Asia/Almaty", 0)})
    assert not rejected
    return decoded, records


def main() -> None:
    """Time `observe` on batches of few and of many sources."""
    table = Table("sources in a batch of 5,000", "µs per event", "µs per source")
    for sources in (4, 20, 100, 1000):
        events, records = batch(sources)
        seconds = min(_timed(events, records) for _ in range(ROUNDS))
        table.add_row(f"{sources:,}", f"{seconds / BATCH * 1e6:.2f}", f"{seconds / sources * 1e6:.1f}")
    Console().print(table)


def _timed(events: list[Decoded], records: list[Record]) -> float:
    began = process_time()
    observe(events, records, BEGIN)
    return process_time() - began


if __name__ == "__main__":
    main()
