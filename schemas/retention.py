"""How long what is derived from events is kept; the scorer drops by it, the API answers by it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from schemas.tables import Tier

PARTS_KEPT: Final[dict[Tier, timedelta | None]] = {
    "minute": timedelta(days=3),
    "hour": timedelta(days=200),
    "day": None,
}
"""Parts per bucket; twice the longest window that is cut at the tier's granule, and a margin. None: for good."""

SCORES_KEPT: Final[dict[Tier, timedelta | None]] = {
    "minute": timedelta(days=14),
    "hour": timedelta(days=400),
    "day": None,
}
"""The live score as it stood at the end of each minute, hour and UTC day. Closed values are kept for good."""
