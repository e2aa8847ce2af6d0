"""Imported events: a partition of their own, so that they meet no scorer on a row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from services.scorer.types import Decoded

IMPORTED: Final = -1
"""The partition of what no scorer stored."""
TOPIC: Final = "import"


def unstamped(events: Iterable[Decoded]) -> list[Decoded]:
    """The events as if no system had stamped them: KPI 1.1, the delay until the commit, doesn't count imports."""
    return [
        msgspec.structs.replace(decoded, event=msgspec.structs.replace(decoded.event, recordedtime=None))
        for decoded in events
    ]
