"""How much one sender may send: a token bucket each, so that one that has gone mad cannot hurt the rest."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

MINUTE_S: Final = 60.0
REMEMBERED: Final = 100_000
"""Senders; beyond that the one unheard of for longest is forgotten, and with it its debt of a few seconds."""


def cost(size: int) -> int:
    """What a message counts as: one for each begun KiB, so that a large batch is not cheaper than many messages."""
    return max(1, -(-size // 1024))


class Quota:
    """`rate` messages a second on average, `burst` at once; a rate of 0 means no limit. See `cost`."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, sender: Hashable, size: int, now: float) -> bool:
        """Whether the sender may send a message of so many bytes at `now` (s, monotonic); a refusal costs nothing."""
        messages = cost(size)
        if not self._rate:
            return True
        tokens, since = self._buckets.pop(sender, (float(self._burst), now))
        tokens = min(self._burst, tokens + (now - since) * self._rate)
        # A message larger than the burst goes through once the bucket is full, or it never would.
        allowed = tokens >= min(messages, self._burst)
        self._buckets[sender] = (tokens - messages if allowed else tokens, now)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return allowed

    def wait_s(self, sender: Hashable, size: int) -> float:
        """Seconds until a message of so many bytes would be allowed; 0 for a sender not heard of."""
        if not self._rate or sender not in self._buckets:
            return 0.0
        return max(0.0, (min(cost(size), self._burst) - self._buckets[sender][0]) / self._rate)


class Refusals:
    """Which refused messages are kept whole: the first few of a sender and minute; of the others their number."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._seen: dict[Hashable, int] = {}
        self._minute: float | None = None

    def keep(self, sender: Hashable) -> bool:
        """Count one more refused message; whether it is among those to keep."""
        self._seen[sender] = self._seen.get(sender, 0) + 1
        return self._seen[sender] <= self._kept

    def not_kept(self, now: float) -> dict[Hashable, int]:
        """Once a minute: how many of each sender were not kept; then counting begins again. `now` in s, monotonic."""
        if self._minute is None:
            self._minute = now
        if now - self._minute < MINUTE_S:
            return {}
        self._minute = now
        told = {sender: seen - self._kept for sender, seen in self._seen.items() if seen > self._kept}
        self._seen.clear()
        return told
