"""The spool outlives the process and is one observer's."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.probe.errors import SpoolTakenError
from services.probe.spool import Spool
from tests.chaos import disks

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def test_what_was_added_is_there_after_a_new_start_in_order(tmp_path: Path) -> None:
    path = tmp_path / "new" / "probe.sqlite"
    with Spool(path) as spool:
        assert spool.until is None
        assert spool.add([{"id": "a"}, {"id": "б"}], NOW)
        assert spool.add([{"id": "c"}])
    with Spool(path) as spool:
        assert (len(spool), spool.until) == (3, NOW)
        assert [event.body["id"] for event in spool.first(2)] == ["a", "б"]
        spool.drop(spool.first(2)[-1].number)
        assert [event.body["id"] for event in spool.first(9)] == ["c"]


def test_two_observers_need_two(tmp_path: Path) -> None:
    with Spool(tmp_path / "one"):
        with pytest.raises(SpoolTakenError):
            Spool(tmp_path / "one")
        with Spool(tmp_path / "two"):
            pass
    with Spool(tmp_path / "one"):
        pass


def test_a_full_one_takes_nothing_more_and_forgets_nothing(tmp_path: Path) -> None:
    with Spool(tmp_path / "probe", most=2) as spool:
        assert spool.add([{"id": "a"}, {"id": "b"}], NOW)
        assert not spool.add([{"id": "c"}], NOW.replace(hour=13))
        assert ([event.body["id"] for event in spool.first(9)], spool.until) == (["a", "b"], NOW)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_is_a_gap_and_no_end(tmp_path: Path) -> None:
    place = tmp_path / "small"
    with disks.mounted(place, megabytes=1):
        with Spool(place / "probe") as spool:
            assert spool.add([{"id": "a"}], NOW)
            disks.fill(place)
            assert not spool.add([{"id": "b" * 10_000}], NOW.replace(hour=13))
            assert ([event.body["id"] for event in spool.first(9)], spool.until) == (["a"], NOW)
            disks.make_room(place)
            assert spool.add([{"id": "c"}], NOW.replace(hour=14))
        with Spool(place / "probe") as spool:
            assert [event.body["id"] for event in spool.first(9)] == ["a", "c"]
