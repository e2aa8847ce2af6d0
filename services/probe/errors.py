"""How observing can fail.

    ProbeError
    ├── UnseenError      retry later: what is to be counted did not answer, or not what it should
    ├── RefusedError     retry slowly: the intake refuses us as a whole, somebody has to see to the key
    └── SpoolTakenError  never retry: another probe has this spool, and their stretches would overlap

Transport failures of the intake stay what httpx2 raises and are retried. A page that fails is an observation, no error.
"""

from __future__ import annotations

from pathlib import Path


class ProbeError(Exception):
    """Base of the probe's own failures."""


class UnseenError(ProbeError):
    """Nothing can be said about what is shown."""


class RefusedError(ProbeError):
    """The intake takes nothing from us."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail


class SpoolTakenError(ProbeError):
    """Somebody else writes to this spool."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path
