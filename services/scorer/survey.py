"""Until when dropped events had added to KPIs: what the ledger no longer has cannot be recomputed from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.tables import rebuild_horizon
from services.scorer.decoding import RecordDecoder
from services.scorer.fold import fold
from services.scorer.imported import IMPORTED
from services.scorer.measures import Compiled
from services.scorer.stored_events import StoredBatch
from services.scorer.types import City

MINUTE: Final = timedelta(minutes=1)


@dataclass
class Survey:
    """The end of the newest bucket that events add to, per KPI."""

    compiled: Compiled
    cities: Mapping[str, City]
    begin: datetime
    end: datetime
    """Only events of this time are dropped."""
    decoder: RecordDecoder = field(default_factory=RecordDecoder)
    horizons: dict[str, datetime] = field(default_factory=dict)

    def see(self, batches: Sequence[StoredBatch]) -> None:
        """Fold these. Imports don't matter: none is ever lost."""
        for batch in batches:
            if batch.partition != IMPORTED:
                events, _ = self.decoder.decode(batch.records, self.cities)
                dropped = [event for event in events if self.begin <= event.key.time < self.end]
                folded = fold(dropped, self.compiled, self.cities, batch.stored_at)
                for key in folded.parts:
                    self._note(key.kpi, key.bucket)
                for entry in folded.entries:
                    self._note(entry.kpi, entry.at)

    def _note(self, kpi: str, bucket: datetime) -> None:
        known = self.horizons.get(kpi)
        if known is None or known < bucket + MINUTE:
            self.horizons[kpi] = bucket + MINUTE

    async def record(self, connection: AsyncConnection, *, lost: bool) -> None:
        """From now on rebuilds from the ledger leave earlier buckets alone; where events are lost, all rebuilds do."""
        names = ("bucket", "lost") if lost else ("bucket",)
        rows = [{"kpi": kpi} | dict.fromkeys(names, bucket) for kpi, bucket in sorted(self.horizons.items())]
        if rows:
            upsert, c = insert(rebuild_horizon).values(rows), rebuild_horizon.c
            later = {name: sa.func.greatest(c[name], upsert.excluded[name]) for name in names}
            await connection.execute(upsert.on_conflict_do_update(index_elements=["kpi"], set_=later))
