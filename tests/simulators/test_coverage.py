"""What has been told is told once."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from simulators.coverage import Coverage

RANGES = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 10)).map(lambda r: (r[0], r[0] + r[1])))


@given(RANGES, st.integers(0, 40), st.integers(1, 30))
def test_gaps_and_coverage_tile_the_range(covered: list[tuple[int, int]], begin: int, length: int) -> None:
    coverage = Coverage(None, "x")
    for first, last in covered:
        coverage.add(first, last)
    told = {n for first, last in covered for n in range(first, last)}
    missing = [n for first, last in coverage.gaps(begin, begin + length) for n in range(first, last)]
    assert missing == [n for n in range(begin, begin + length) if n not in told]


def test_a_file_keeps_it_per_name(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    Coverage(path, "karaganda/1").add(0, 10)
    Coverage(path, "karaganda/2").add(5, 6)
    assert Coverage(path, "karaganda/1").ranges == [(0, 10)]
    assert list(Coverage(path, "karaganda/2").gaps(0, 10)) == [(0, 5), (6, 10)]
