"""Hours in which no score was stored, as nothing ran then: recomputed from today's state, and remembered a while."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from schemas.snapshot import Known, PastSnapshot
from services.api.recomputing import Recomputing

KEPT: Final = timedelta(minutes=3)
"""Late data may change them, and while a history is loaded they change all the time."""
CHUNK: Final = 6
"""Hours in one question: so long others of this process wait at most."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One score of a curve; null is what there was no figure of."""

    computed_at: datetime
    index: float | None
    sections: Mapping[str, object]
    kpis: Mapping[str, object]
    known: Known


class Courses:
    """One asks for a city at a time, the others wait for what it finds."""

    def __init__(self) -> None:
        self._found: defaultdict[str, dict[datetime, tuple[datetime, Figures]]] = defaultdict(dict)
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._whole: dict[str, PastSnapshot] = {}

    async def at(
        self, recomputing: Recomputing, city: str, instants: Sequence[datetime], now: datetime
    ) -> list[Figures]:
        """The live scores of past instants as today's state tells them, without those of which it tells nothing."""
        async with self._asking[city]:
            found = {at: one for at, one in self._found[city].items() if now - KEPT < one[0] <= now}
            missing = [at for at in instants if at not in found]
            for begin in range(0, len(missing), CHUNK):
                for past in await recomputing.live(city, missing[begin : begin + CHUNK], now):
                    found[past.as_of] = (now, _figures(past))
            self._found[city] = found
        return [figures for at in instants if (figures := found[at][1]).index is not None]

    async def whole(self, recomputing: Recomputing, city: str, instant: datetime, now: datetime) -> PastSnapshot:
        """The live score of a past instant as today's state tells it; who asks for the same one again gets the same."""
        async with self._asking[city]:
            known = self._whole.get(city)
            if known is None or known.as_of != instant:
                (known,) = await recomputing.live(city, [instant], now)
                self._whole[city] = known
        return known


def _figures(past: PastSnapshot) -> Figures:
    sections = {code.value: section.score for code, section in past.sections.items()}
    kpis = {code: kpi.value for code, kpi in past.kpis.items()}
    return Figures(past.as_of, past.index, sections, kpis, past.known)
