"""What a batch shows of its sources."""

from __future__ import annotations

from services.scorer.activity import activity
from services.scorer.decoding import RecordDecoder
from services.scorer.types import City, Record
from tests.scorer.events import answered

CITIES = {"karaganda": City("karaganda", "regional", "Asia/Almaty", 0)}


def test_activity_is_hourly_with_the_newest_time() -> None:
    bodies = [answered(id="b"), answered("2026-11-22T10:59:00Z", id="a"), answered("2026-11-22T11:00:00Z", id="c")]
    decoded, _ = RecordDecoder().decode([Record(i, body) for i, body in enumerate(bodies)], CITIES)
    seen = activity(decoded)
    assert [(key.bucket.hour, found.events, found.newest.minute) for key, found in sorted(seen.items())] == [
        (10, 2, 59),
        (11, 1, 0),
    ]
