"""A lane gives back what was put in, in order, in bounded batches."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.scorer.lanes import BATCH_BYTES, Lane
from services.scorer.types import Record


@given(st.lists(st.integers(0, 30), max_size=12), st.integers(1, 20))
def test_nothing_is_lost_or_moved(sizes: list[int], batch_records: int) -> None:
    lane, put, taken = Lane(batch_records), 0, 0
    for size in sizes:
        lane.put([Record(put + n, b"x") for n in range(size)])
        put += size
        assert lane.full == (lane.waiting >= batch_records)
        batch = lane.take()
        assert len(batch) <= batch_records
        assert [record.offset for record in batch] == list(range(taken, taken + len(batch)))
        taken += len(batch)
    while batch := lane.take():
        taken += len(batch)
    assert taken == put
    assert not lane.waiting


def test_large_records_make_small_batches() -> None:
    lane = Lane(1000)
    lane.put([Record(n, bytes(BATCH_BYTES // 2)) for n in range(5)])
    assert lane.full
    assert [len(lane.take()) for _ in range(4)] == [2, 2, 1, 0]


def test_a_cleared_lane_begins_anew() -> None:
    lane = Lane(2)
    lane.put([Record(n, b"") for n in range(7)])
    lane.clear(3)
    assert (lane.position, lane.waiting, lane.full) == (3, 0, False)
