"""Time buckets: minutes and hours in UTC, days in the city's own zone; and which buckets make up a window.

A trailing window is cut at the granule that its length calls for: 24 hours to the minute, 7, 30 and 91 days to the
hour, 365 days to the city's day. Its last granule is the running one, so that a change shows at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from operator import add
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from schemas.catalogue import Period
from schemas.retention import PARTS_KEPT
from schemas.snapshot import Window
from schemas.tables import Tier
from services.scorer.types import Part, PartKey, Parts

MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)

LENGTH: Final[dict[Period, timedelta]] = {
    Period.DAY: timedelta(hours=24),
    Period.WEEK: timedelta(days=7),
    Period.MONTH: timedelta(days=30),
    Period.QUARTER: timedelta(days=91),
    Period.YEAR: timedelta(days=365),
}
"""Trailing window of a KPI's period."""

KEPT: Final = PARTS_KEPT


class Piece(NamedTuple):
    """Buckets of one tier with begin <= bucket < end."""

    tier: Tier
    begin: datetime
    end: datetime


def day_of(moment: datetime, timezone: str) -> datetime:
    """Begin of the city-local day that contains this moment, in UTC."""
    return _day_of_quarter(moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0), timezone)


@lru_cache(maxsize=100_000)
def _day_of_quarter(quarter: datetime, timezone: str) -> datetime:
    # Every zone's offset is a multiple of 15 minutes.
    local = quarter.astimezone(ZoneInfo(timezone))
    # Where midnight comes twice the day begins with the first one.
    return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)


def next_day(day: datetime, timezone: str) -> datetime:
    """Begin of the following city-local day; 23 or 25 hours later where clocks change."""
    return day_of(day + timedelta(hours=30), timezone)


def local_date(moment: datetime, timezone: str) -> date:
    """The date in the city."""
    return moment.astimezone(ZoneInfo(timezone)).date()


def midnight(day: date, timezone: str) -> datetime:
    """Begin of a city-local day, in UTC; where midnight comes twice, the first one."""
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC)


def just_before(end: datetime) -> datetime:
    """The last moment of a window that ends then: what is dated at its very end belongs to the next one."""
    return end - timedelta(microseconds=1)


def minute_of(moment: datetime) -> datetime:
    """Begin of the UTC minute."""
    return moment.replace(second=0, microsecond=0)


def hour_of(moment: datetime) -> datetime:
    """Begin of the UTC hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


def bucket_of(tier: Tier, moment: datetime, timezone: str) -> datetime:
    """Begin of the bucket of a tier that contains this moment, in UTC."""
    if tier == "day":
        return day_of(moment, timezone)
    return hour_of(moment) if tier == "hour" else minute_of(moment)


class Buckets(dict[tuple[str, datetime], datetime | None]):
    """The bucket of a tier by city and minute; None where it is so old that the tier does not keep it.

    Many additions of a batch share a minute, so each is looked up once.
    """

    def __init__(self, tier: Tier, timezones: Mapping[str, str], now: datetime) -> None:
        super().__init__()
        self._tier = tier
        self._timezones = timezones
        kept = KEPT[tier]
        self._oldest = now - kept if kept else datetime.min.replace(tzinfo=UTC)

    def __missing__(self, key: tuple[str, datetime]) -> datetime | None:
        city, minute = key
        bucket = bucket_of(self._tier, minute, self._timezones[city])
        found = self[key] = bucket if bucket >= self._oldest else None
        return found


def roll_up(minutes: Parts, tier: Tier, timezones: Mapping[str, str], now: datetime) -> Parts:
    """The same additions in the buckets of a tier, without those so old that the tier does not keep them."""
    buckets = Buckets(tier, timezones, now)
    total: Parts = {}
    for (city, kpi, component, district, minute), part in minutes.items():
        if bucket := buckets[city, minute]:
            key = PartKey(city, kpi, component, district, bucket)
            old = total.get(key)
            total[key] = part if old is None else Part(*map(add, old, part))
    return total


def trailing(period: Period, now: datetime, timezone: str, *, past_only: bool = False) -> Window:
    """The trailing window of a period at `now`. `past_only` (cohorts) leaves the running minute out."""
    return rolling(LENGTH[period], now, timezone, past_only=past_only)


def rolling(length: timedelta, now: datetime, timezone: str, *, past_only: bool = False) -> Window:
    """The trailing window of any length, cut at the granule its length calls for; see `trailing`."""
    end = minute_of(now) if past_only else minute_of(now) + MINUTE
    if length <= DAY:
        begin = minute_of(now) + MINUTE - length
    elif length <= LENGTH[Period.QUARTER]:
        begin = hour_of(now) + HOUR - length
    else:
        begin = midnight(local_date(now, timezone) - length + DAY, timezone)
    return Window(begin=begin, end=end)


def before(window: Window, length: timedelta, timezone: str) -> Window:
    """The whole trailing window that ends where this one begins; from midnight if this one is."""
    if length >= DAY and window.begin == day_of(window.begin, timezone):
        return Window(begin=midnight(local_date(window.begin, timezone) - length, timezone), end=window.begin)
    return Window(begin=window.begin - length, end=window.begin)


def ended(tier: Tier, length: timedelta, at: datetime, timezone: str) -> Window:
    """The trailing window over the granules of a tier that were over at a moment."""
    end = bucket_of(tier, at, timezone)
    if tier != "day":
        return rolling(length, just_before(end), timezone)
    return Window(begin=midnight(local_date(end, timezone) - length, timezone), end=end)


def finest(
    length: timedelta, at: datetime, timezone: str, today: datetime, *, compared: bool = False
) -> tuple[Tier, Window]:
    """The finest granule at which a past window (`compared`: and the one before it) can still be read today."""
    tiers: tuple[Tier, ...] = ("minute", "hour", "day")
    for tier in tiers:
        window = ended(tier, length, at, timezone)
        begin = before(window, length, timezone).begin if compared else window.begin
        if is_kept(Window(begin=begin, end=window.begin), timezone, today) and is_kept(window, timezone, today):
            break
    return tier, window


def is_kept(window: Window, timezone: str, today: datetime) -> bool:
    """Whether every bucket that makes up a window is still kept."""
    return all((kept := KEPT[tier]) is None or begin >= today - kept for tier, begin, _ in cover(window, timezone))


def cover(window: Window, timezone: str) -> Iterator[Piece]:
    """The fewest buckets that make up a window exactly: whole days, then hours and minutes at its edges."""
    first, last = _day_not_before(window.begin, timezone), day_of(window.end, timezone)
    # In a zone that is half an hour off, the way to the first midnight would need minutes that are long dropped.
    if first < last and first in (window.begin, hour_of(first)):
        yield from _cover_hours(window.begin, first)
        yield Piece("day", first, last)
        yield from _cover_hours(last, window.end)
    else:
        yield from _cover_hours(window.begin, window.end)


def _day_not_before(moment: datetime, timezone: str) -> datetime:
    day = day_of(moment, timezone)
    return day if day == moment else next_day(day, timezone)


def _cover_hours(begin: datetime, end: datetime) -> Iterator[Piece]:
    first = hour_of(begin + HOUR - timedelta(microseconds=1))
    last = hour_of(end)
    if first < last:
        pieces = [Piece("minute", begin, first), Piece("hour", first, last), Piece("minute", last, end)]
    else:
        pieces = [Piece("minute", begin, end)]
    yield from (piece for piece in pieces if piece.begin < piece.end)
