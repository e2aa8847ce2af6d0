"""Every KPI of a city over its window: what is stored, read from the database and evaluated."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.catalogue import Catalogue, Kpi
from schemas.snapshot import Window
from services.scorer import entries, marks, reading
from services.scorer.kinds import Facts, Span, Sums
from services.scorer.marks import Marks
from services.scorer.settled import Settled
from services.scorer.snapshots import Measured
from services.scorer.tiers import LENGTH, before, just_before, trailing
from services.scorer.types import City
from services.scorer.values import STALE_PERIODS, Sources, evaluate, needs_coverage, shown_sums

BASE_VALID: Final = timedelta(days=730)
"""How long a reference base holds unless its measure says otherwise."""


class Asked(NamedTuple):
    """A KPI over one window."""

    kpi: str
    window: Window
    before: Window
    """What a `change` is compared with: the equal window before, or the calendar period before."""
    at: datetime
    """Freshness is judged as of then: now for a running window, the last moment of one that is over."""


class _State(NamedTuple):
    """What is stored about a KPI over its window, and over the one before where it is a change."""

    facts: Facts
    before: Facts


class _Known(NamedTuple):
    """State that stays right while neither the window nor the KPI's revision moves."""

    window: Window
    revision: int
    state: _State


_NOTHING: Final = _State(Facts(), Facts())
Reported = Mapping[Window, Mapping[str, float]]


class Measuring:
    """Measures windows; remembers the state of live ones whose window and KPI did not move."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._kpis = {kpi.code: kpi for _, kpi in catalogue.measured()}
        self._known: dict[tuple[str, str], _Known] = {}
        self._settled = Settled()

    async def measure(self, connection: AsyncConnection, city: City, now: datetime) -> dict[str, Measured]:
        """Every KPI of the catalogue over the trailing window of its period."""
        marked = await marks.read(connection, city.code)
        newest = (await reading.newest(connection, city.code, [now]))[now]
        asked = [self._live(kpi, city, now) for kpi in self._kpis.values()]
        states = await self._remembered(connection, city, asked, marked)
        unsure = {one.kpi: one for one, state in zip(asked, states, strict=True) if self._is_unsure(one, state)}
        reported = await reading.reported(connection, city.code, self._spans(unsure.values(), newest))
        return {
            one.kpi: _measured(self._kpis[one.kpi], one, state, newest, reported if one.kpi in unsure else None)
            for one, state in zip(asked, states, strict=True)
        }

    async def over(self, connection: AsyncConnection, city: City, asked: Sequence[Asked]) -> list[Measured]:
        """KPIs over any windows as today's state tells them, each with its coverage, in the order asked.

        Edges must lie in a tier that still keeps them (`tiers.KEPT`); a city-local midnight always does.
        """
        if not asked:
            return []
        states = await self._read(connection, city, asked)
        newest = await reading.newest(connection, city.code, {one.at for one in asked})
        heard = set(chain.from_iterable(newest.values()))
        reported = await reading.reported(connection, city.code, self._spans(asked, heard))
        return [
            _measured(self._kpis[one.kpi], one, state, newest[one.at], reported)
            for one, state in zip(asked, states, strict=True)
        ]

    @staticmethod
    def _live(kpi: Kpi, city: City, now: datetime) -> Asked:
        window = trailing(kpi.period, now, city.timezone, past_only=kpi.measure.cohort)
        return Asked(kpi.code, window, before(window, LENGTH[kpi.period], city.timezone), now)

    def _is_unsure(self, asked: Asked, state: _State) -> bool:
        measure = self._kpis[asked.kpi].measure
        return measure.bound and needs_coverage(measure, state.facts)

    def _is_change(self, asked: Asked) -> bool:
        return self._kpis[asked.kpi].measure.kind == "change"

    def _spans(self, asked: Collection[Asked], heard: Collection[str]) -> set[tuple[Window, str]]:
        """In which windows the reports of which systems matter; of all that were ever heard where none is required."""
        return {
            (window, system)
            for one in asked
            for window in ((one.window, one.before) if self._is_change(one) else (one.window,))
            for system in self._kpis[one.kpi].measure.sources or heard
        }

    async def _remembered(
        self, connection: AsyncConnection, city: City, asked: Sequence[Asked], marked: Mapping[str, Marks]
    ) -> list[_State]:
        """State per KPI; what has any part at all and moved is read again, the rest is remembered."""
        moved = []
        for one in asked:
            known = self._known.get((city.code, one.kpi))
            if one.kpi in marked and (known is None or known[:2] != (one.window, marked[one.kpi].revision)):
                moved.append(one)
        for one, state in zip(moved, await self._read(connection, city, moved, marked), strict=True):
            self._known[city.code, one.kpi] = _Known(one.window, marked[one.kpi].revision, state)
        return [self._known[city.code, one.kpi].state if one.kpi in marked else _NOTHING for one in asked]

    async def _read(
        self, connection: AsyncConnection, city: City, asked: Sequence[Asked], marked: Mapping[str, Marks] | None = None
    ) -> list[_State]:
        """What is stored about all of them, with one statement per tier and one for dated entries."""
        earlier = [one for one in asked if self._is_change(one)]
        windows = [(one.kpi, one.window) for one in asked] + [(one.kpi, one.before) for one in earlier]
        parts = await self._parts(connection, city, windows, marked)
        moments = [(one.kpi, one.at) for one in asked] + [(one.kpi, just_before(one.before.end)) for one in earlier]
        totals = await self._totals(connection, city, moments)
        facts = [Facts(summed, total) for summed, total in zip(parts, totals, strict=True)]
        befores = dict(zip(earlier, facts[len(asked) :], strict=True))
        return [_State(found, befores.get(one, Facts())) for one, found in zip(asked, facts, strict=False)]

    async def _parts(
        self,
        connection: AsyncConnection,
        city: City,
        windows: Sequence[tuple[str, Window]],
        marked: Mapping[str, Marks] | None,
    ) -> list[dict[str, Sums]]:
        """Sums per window; with marks, only what was added to since is read."""
        made_of = reading.cuts(city, windows)
        wanted = dict.fromkeys(chain.from_iterable(made_of))
        known = self._settled.of(city.code, wanted, marked) if marked else {}
        read = await reading.parts(connection, city, [cut for cut in wanted if cut not in known])
        sums = {**known, **read}
        if marked:
            self._settled.keep(city.code, sums, marked)
        return [reading.together(sums[cut] for cut in cuts) for cuts in made_of]

    async def _totals(
        self, connection: AsyncConnection, city: City, moments: Sequence[tuple[str, datetime]]
    ) -> list[entries.Totals]:
        dated = [number for number, (kpi, _) in enumerate(moments) if _has_entries(self._kpis[kpi])]
        wanted = [self._wanted(*moments[number]) for number in dated]
        found = dict(zip(dated, await entries.totals(connection, city.code, wanted), strict=True))
        return [found.get(number, {}) for number in range(len(moments))]

    def _wanted(self, code: str, at: datetime) -> entries.Wanted:
        kpi = self._kpis[code]
        stated = timedelta(days=kpi.measure.valid_days) if kpi.measure.valid_days else None
        since = at - (stated or LENGTH[kpi.period] * STALE_PERIODS)
        return entries.Wanted(code, at, since, at - (stated or BASE_VALID))


def _has_entries(kpi: Kpi) -> bool:
    return any(part.base or part.shape == "latest" for _, part in kpi.measure.parts())


def _measured(
    kpi: Kpi, asked: Asked, state: _State, newest: Mapping[str, datetime], reported: Reported | None
) -> Measured:
    measure = kpi.measure
    coverage = None if reported is None else _coverage(measure.sources, reported.get(asked.window, {}))
    is_change = reported is not None and measure.kind == "change"
    earlier = _coverage(measure.sources, reported.get(asked.before, {})) if reported is not None and is_change else 1.0
    sources = Sources(_newest(measure.sources, newest), 1.0 if coverage is None else coverage, earlier)
    span = Span(asked.window, asked.at, tuple(newest))
    evaluated = evaluate(measure, state.facts, state.before, sources, kpi.period, span)
    sums = shown_sums(measure, state.facts) if measure.bound else None
    return Measured(asked.window, sums, sources.newest, evaluated, coverage)


def _newest(required: Sequence[str], newest: Mapping[str, datetime]) -> datetime | None:
    """How new the data of the system that is furthest behind are; of any system where none is required."""
    if not required:
        return max(newest.values(), default=None)
    moments = [newest[system] for system in required if system in newest]
    return min(moments) if len(moments) == len(required) else None


def _coverage(required: Sequence[str], reported: Mapping[str, float]) -> float:
    if not required:
        return max(reported.values(), default=0.0)
    return min(reported.get(system, 0.0) for system in required)
