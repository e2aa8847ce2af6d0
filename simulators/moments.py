"""Moments as integers: milliseconds since 1970 in UTC, and their RFC 3339 form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

SECOND: Final = 1000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
THREE_YEARS_DAYS: Final = 3 * 366
"""Back to the begin of the year before the last one, from any day: the closed year is compared with that."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970, rounded down."""
    return (moment - _EPOCH) // _MILLISECOND


def moment(ms: int) -> datetime:
    """The moment in UTC."""
    return _EPOCH + ms * _MILLISECOND


def rfc3339(ms: int) -> str:
    """`2026-11-22T10:00:00.123Z`."""
    day, rest = divmod(ms, DAY)
    hour, rest = divmod(rest, HOUR)
    minute, rest = divmod(rest, MINUTE)
    return f"{_date(day)}T{hour:02}:{minute:02}:{rest // SECOND:02}.{rest % SECOND:03}Z"


@lru_cache(maxsize=1024)
def _date(day: int) -> str:
    return moment(day * DAY).strftime("%Y-%m-%d")
