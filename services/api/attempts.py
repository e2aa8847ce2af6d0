"""How often somebody may try to sign in: so many refusals per name and per address in a while, then a pause."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

WHILE: Final = timedelta(minutes=5)
PER_NAME: Final = 5
PER_ADDRESS: Final = 30
MOST: Final = 10_000
"""Names and addresses that are remembered; the longest unused are forgotten first."""


class Attempts:
    """Refused attempts of one process."""

    def __init__(self) -> None:
        self._refused: OrderedDict[str, list[datetime]] = OrderedDict()

    def wait_s(self, name: str, address: str, now: datetime) -> float:
        """Seconds until the next attempt is let through; 0: now."""
        keys = ((f"n/{name}", PER_NAME), (f"a/{address}", PER_ADDRESS))
        return max(self._wait(key, most, now) for key, most in keys)

    def refused(self, name: str, address: str, now: datetime) -> None:
        """Remember one."""
        for key in (f"n/{name}", f"a/{address}"):
            self._refused[key] = [*self._recent(key, now), now]
            self._refused.move_to_end(key)
        while len(self._refused) > MOST:
            self._refused.popitem(last=False)

    def forget(self, name: str) -> None:
        """Who signed in has no refusals any more."""
        self._refused.pop(f"n/{name}", None)

    def _wait(self, key: str, most: int, now: datetime) -> float:
        recent = self._recent(key, now)
        return 0.0 if len(recent) < most else (recent[-most] + WHILE - now).total_seconds()

    def _recent(self, key: str, now: datetime) -> list[datetime]:
        return [at for at in self._refused.get(key, ()) if now - at < WHILE]
