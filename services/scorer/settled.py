"""Sums that stay as they are until a mark says otherwise: of a year only today has to be read again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from services.scorer.kinds import Sums
from services.scorer.marks import Marks, State
from services.scorer.reading import Cut

_Known = dict[Cut, tuple[State, Mapping[str, Sums]]]


class Settled:
    """What was read of each KPI last, and the state of its marks then; bounded by what one reading asks for."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], _Known] = {}

    def of(self, city: str, cuts: Iterable[Cut], marks: Mapping[str, Marks]) -> dict[Cut, Mapping[str, Sums]]:
        """Those of the cuts to which nothing was added since they were read."""
        found: dict[Cut, Mapping[str, Sums]] = {}
        for cut in cuts:
            known = self._known.get((city, cut.kpi), {}).get(cut)
            if known is not None and known[0] == marks[cut.kpi].state(cut.end):
                found[cut] = known[1]
        return found

    def keep(self, city: str, sums: Mapping[Cut, Mapping[str, Sums]], marks: Mapping[str, Marks]) -> None:
        """Remember these, all that were asked of their KPIs, and forget what was known of them before."""
        fresh: dict[str, _Known] = {}
        for cut, found in sums.items():
            fresh.setdefault(cut.kpi, {})[cut] = (marks[cut.kpi].state(cut.end), found)
        self._known.update({(city, kpi): known for kpi, known in fresh.items()})
