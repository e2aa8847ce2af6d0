"""The line stops when nearly everything is rejected: a bad release must not send a whole city to the dead letters.

Stopped, the gateway reads nothing, and what devices send waits at the broker. After a pause it lets some messages
through; if they are rejected as well it stops again. One mad device never stops it: senders are counted, not messages.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable
from typing import Final

log = logging.getLogger(__name__)
TRIAL: Final = 20
"""Messages after a stop that decide whether the line may run on."""
SENDERS: Final = 3
"""So many different ones at least must be rejected."""


class Line:
    """Counts outcomes in stretches of `window_s`.

    It is stopped for `pause_s` when, of the senders of at least `least` messages, a `share` was mostly rejected.
    """

    def __init__(self, *, share: float, least: int, window_s: float, pause_s: float) -> None:
        self._share = share
        self._least = least
        self._window_s = window_s
        self._pause_s = pause_s
        self._begun = 0.0
        self._seen = 0
        self._balance: dict[Hashable, int] = {}
        self._needed = least
        self._stopped_until: float | None = None

    def count(self, sender: Hashable, *, good: int, bad: int, now: float) -> None:
        """What became of one message; `now` in s, monotonic."""
        if now - self._begun > self._window_s:
            self._begin(now)
        self._seen += 1
        self._balance[sender] = self._balance.get(sender, 0) + good - bad
        if self._seen >= self._needed:
            self._judge(now)

    def _judge(self, now: float) -> None:
        rejected = sum(balance < 0 for balance in self._balance.values())
        if rejected >= SENDERS and rejected > self._share * len(self._balance):
            self._stopped_until = now + self._pause_s
            self._needed = TRIAL
            log.error(
                "line stopped: nearly everything is rejected; look at `ahual dlq list`, then at the newest release",
                extra={"senders_rejected": rejected, "of": len(self._balance), "pause_s": self._pause_s},
            )
        elif self._needed != self._least:
            self._needed = self._least
            log.warning("line runs again")
        self._begin(now)

    def stopped(self, now: float) -> bool:
        """Whether nothing is to be read for now."""
        if self._stopped_until is not None and now >= self._stopped_until:
            self._stopped_until = None
            self._begin(now)
        return self._stopped_until is not None

    def _begin(self, now: float) -> None:
        self._begun = now
        self._seen = 0
        self._balance.clear()
