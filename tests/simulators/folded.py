"""What the scorer makes of a simulated city's facts, without a broker or a database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache

from schemas.catalogue import Kpi, Period
from schemas.events.envelope import canonical
from schemas.events.registry import CONTRACTS
from schemas.snapshot import Window
from services.cityscore.catalogue import load_catalogue
from services.scorer.activity import observe
from services.scorer.decoding import RecordDecoder
from services.scorer.fold import fold
from services.scorer.kinds import Facts, Span, Sums, Total
from services.scorer.measures import compile_measures
from services.scorer.tiers import LENGTH
from services.scorer.types import City, Entry, EntryKey, Part, PartKey, Record
from services.scorer.values import Evaluated, Sources, evaluate, shown_sums
from simulators import cities
from simulators.facts import Fact, encode

CATALOGUE = load_catalogue()
KPIS = {kpi.code: kpi for _, kpi in CATALOGUE.measured()}
_COMPILED = compile_measures(CATALOGUE)
_BASE_VALID = timedelta(days=730)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


class Town:
    """A city whose events were all folded."""

    def __init__(self, city: cities.City, facts: Iterable[Fact], stored_at: datetime) -> None:
        self.delivered = [encode(city.code, fact, recorded=fact.time) for fact in facts]
        types = (fact.type for fact in facts)
        bodies = (
            canonical(CONTRACTS[name].model_validate_json(raw)) for name, raw in zip(types, self.delivered, strict=True)
        )
        known = {city.code: City(city.code, city.category.value, city.timezone, 0)}
        records = [Record(offset, body) for offset, body in enumerate(bodies)]
        self._decoded, rejected = RecordDecoder().decode(records, known)
        assert not rejected
        self._hours = list(observe(self._decoded, records, stored_at, {}).hours)
        folded = fold(self._decoded, _COMPILED, known, stored_at)
        self._parts: dict[str, list[tuple[PartKey, Part]]] = {}
        self._entries: dict[str, list[tuple[EntryKey, Entry]]] = {}
        for part in folded.parts.items():
            self._parts.setdefault(part[0].kpi, []).append(part)
        for entry in folded.entries.items():
            self._entries.setdefault(entry[0].kpi, []).append(entry)

    def value(self, code: str, window: Window, before: Window, period: Period = Period.DAY) -> tuple[Sums, Evaluated]:
        """Numerator and denominator as shown, and the value at the window's end, as if this were the KPI's period."""
        kpi = KPIS[code]
        facts = self._facts(kpi, window, window.end, period)
        earlier = self._facts(kpi, before, before.end - timedelta(microseconds=1), period)
        newest = {system: max(times) for system, times in self._times(window.end).items()}
        span = Span(window, window.end, tuple(newest))
        return shown_sums(kpi.measure, facts), evaluate(
            kpi.measure, facts, earlier, self._sources(kpi, window, before), period, span
        )

    def _facts(self, kpi: Kpi, window: Window, at: datetime, period: Period) -> Facts:
        parts: dict[str, Sums] = {}
        for key, part in self._parts.get(kpi.code, ()):
            if window.begin <= key.bucket < window.end:
                known = parts.get(key.component, Sums())
                parts[key.component] = Sums(*(a + b for a, b in zip(known, part, strict=True)))
        stated = timedelta(days=kpi.measure.valid_days) if kpi.measure.valid_days else None
        entries = self._entries.get(kpi.code, ())
        return Facts(parts, _totals(entries, at, stated or 2 * LENGTH[period], stated or _BASE_VALID))

    @cache  # noqa: B019  (a town lives as long as the tests)
    def _times(self, at: datetime) -> dict[str, list[datetime]]:
        found: dict[str, list[datetime]] = {}
        for decoded in self._decoded:
            if decoded.event.time <= at:
                found.setdefault(decoded.identity.system, []).append(decoded.event.time)
        return found

    def _sources(self, kpi: Kpi, window: Window, before: Window) -> Sources:
        times = self._times(window.end)
        required = kpi.measure.sources
        hours = {system: [key.bucket for key in self._hours if key.system == system] for system in required}
        newest = [max(times[system]) for system in required or times if system in times]
        if not required:
            return Sources(max(newest), 1.0)
        least = min(newest) if len(newest) == len(required) else None
        windows = (window, before) if kpi.measure.kind == "change" else (window,)
        return Sources(least, *(min(_reported(hours[system], one) for system in required) for one in windows))


def _reported(hours: Sequence[datetime], window: Window) -> float:
    """Share of the window's hours, or days if it is longer than a week."""
    piece = _HOUR if window.end - window.begin <= 7 * _DAY else _DAY
    heard = {(hour - window.begin) // piece for hour in hours if window.begin <= hour < window.end}
    return len(heard) / ((window.end - window.begin) // piece)


def _totals(
    entries: Sequence[tuple[EntryKey, Entry]], at: datetime, valid: timedelta, base_valid: timedelta
) -> dict[tuple[str, bool], Total]:
    newest: dict[tuple[str, int, str, str], tuple[EntryKey, Entry]] = {}
    for key, entry in entries:
        if at - (base_valid if key.term < 0 else valid) < key.at <= at:
            place = key.component, key.term, key.district, key.source
            newest[place] = max(newest.get(place, (key, entry)), (key, entry), key=lambda e: (e[0].at, e[0].time))
    found: dict[tuple[str, bool], Total] = {}
    for key, entry in newest.values():
        if entry.until is None or entry.until > at:
            side = key.component, key.term < 0
            known = found.get(side, Total(0, key.at))
            found[side] = Total(known.value + entry.value, max(known.newest, key.at))
    return found
