"""When something may be said: quiet hours are the city's own."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.notify.rules import Quiet


def due(quiet: Quiet | None, now: datetime, zone: str) -> datetime:
    """Now, or the end of the quiet hours that are on."""
    if quiet is None or quiet.begin == quiet.end:
        return now
    local = now.astimezone(ZoneInfo(zone))
    clock = local.time()
    if quiet.begin < quiet.end:
        is_on, over_midnight = quiet.begin <= clock < quiet.end, False
    else:
        is_on, over_midnight = clock >= quiet.begin or clock < quiet.end, clock >= quiet.begin
    if not is_on:
        return now
    day = local.date() + timedelta(days=int(over_midnight))
    return datetime.combine(day, quiet.end, ZoneInfo(zone)).astimezone(now.tzinfo)
