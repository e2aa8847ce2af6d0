"""What the bench sends is what the gateway would have sent, and what it says of it is true."""

from __future__ import annotations

import re
from collections import Counter
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from schemas.identity import parse_identity
from services.ingest.forwarder import partition_of
from services.ingest.validation import Accepted, accept
from services.runtime.clock import utc_now
from tests.bench.backlog import REDELIVERED, STENCILS, Minute, Order, _redelivered, records_of
from tests.bench.rivals.common import columns_of, count
from tests.bench.stencil import PATIENT, Call, Size

PARTITIONS = 6


@pytest.mark.parametrize("size", ["plain", "full"])
def test_every_event_is_valid_canonical_and_its_own(size: Size) -> None:
    seen = set()
    for record in records_of(Order(STENCILS + 500, ("a", "b"), size=size), PARTITIONS, {}):
        identity = parse_identity(record.key.decode())
        (outcome,) = accept(identity, record.body, utc_now(), PATIENT)
        assert isinstance(outcome, Accepted)
        assert outcome.body == record.body
        assert partition_of(record.key, PARTITIONS) == record.partition
        seen.add((identity, outcome.id))
    assert len(seen) == STENCILS + 500


def test_partitions_get_equal_shares() -> None:
    shares = Counter(record.partition for record in records_of(Order(6000), PARTITIONS, {}))
    assert shares == dict.fromkeys(range(PARTITIONS), 1000)


def test_the_truth_is_what_the_compared_jobs_count() -> None:
    minutes: dict[Minute, Call] = {}
    records = list(records_of(Order(20_000, hours=0.5), PARTITIONS, minutes))
    cities, times, events, *sums = columns_of(count(msgspec.json.decode(record.body)) for record in records)
    found = {
        (city, round(1000 * time.timestamp())): Call(*call)
        for city, time, *call in zip(cities, times, *sums, strict=True)
    }
    assert sum(events) == 20_000
    assert found == minutes


def test_redelivered_pieces_come_as_often_as_asked() -> None:
    sent = list(records_of(Order(10 * REDELIVERED), PARTITIONS, {}))
    again = list(_redelivered(sent, per_thousand=200))
    assert len(again) - len(sent) == 2 * REDELIVERED
    assert set(again) == set(sent)


def test_requirements_are_pinned_and_name_no_registry() -> None:
    found = list(Path(str(files("tests.bench"))).glob("*/*/requirements.txt"))
    assert len(found) == 4
    for line in (line for file in found for line in file.read_text("utf-8").split()):
        assert re.fullmatch(r"[a-z0-9-]+(\[[a-z]+\])?==[0-9.]+", line), line
