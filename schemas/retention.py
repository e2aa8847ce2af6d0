"""How long what is derived from events is kept; the scorer drops by it, the API answers by it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from schemas.events.envelope import EventClass
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

LEDGER_KEPT: Final[dict[EventClass, timedelta]] = {
    "telemetry": timedelta(days=14),
    "department": timedelta(days=400),
}
"""How old an event may be to be taken, and hence how long the ledger must remember it.

Telemetry: longer than anything on its way can lie in the broker's session or in Kafka, and than a device buffers.
Departments correct themselves late: a year is evaluated until 31 January of the next one, and a month more.
What is older comes back by `ahual import --revise` alone.
"""

OBSERVATIONS_KEPT: Final = LEDGER_KEPT["telemetry"]
"""How far back the map's time slider goes."""

REJECTED_KEPT: Final = timedelta(days=90)
"""How long the sealed payload of a gateway's dead letter can be opened and replayed; reason and sender stay."""
UNCOUNTED_KEPT: Final = LEDGER_KEPT["department"]
"""The same for the scorer's own dead letters: pseudonymous events, kept as the ledger keeps those it has stored."""
