"""The compiled fold adds exactly what the plain reading of the measures says, for any events in any city."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.identity import parse_identity
from services.scorer.fold import fold
from services.scorer.measures import compile_measures, kpis_of
from services.scorer.types import City, Decoded, EventKey, Folded
from tests.scorer import trips
from tests.scorer.oracle import expected

CITIES = {
    code: City(code, category, zone, 0)
    for code, category, zone in (
        ("almaty", "republican", "Asia/Almaty"),
        ("karaganda", "regional", "Europe/Berlin"),
        ("priozersk", "district", "Asia/Kathmandu"),
    )
}
CATALOGUE = trips.catalogue()
COMPILED = compile_measures(CATALOGUE, trips.REGISTRY)
MEASURES = {kpi.code: kpi.measure for kpi in kpis_of(CATALOGUE)}
STORED_AT = datetime(2026, 11, 22, 10, 30, 5, 123456, tzinfo=UTC)
DECODE = trips.REGISTRY.decoder()

moments = st.datetimes(datetime(2026, 10, 20), datetime(2026, 11, 23), timezones=st.just(UTC))  # noqa: DTZ001
districts = st.sampled_from([None, "north", "south"])
optional_moments = st.none() | moments
names = st.sampled_from(["a", "b"])


def iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


halts = st.builds(
    lambda time, **halt: {**{name: value for name, value in halt.items() if value is not None}, "time": iso(time)},
    time=moments,
    place=names,
    boarded=st.none() | st.integers(0, 3),
    norm=st.none() | st.integers(0, 3),
    district=districts,
)
trip_data = st.builds(
    lambda begun, took, ended, **data: {
        **data,
        "begun_at": iso(begun),
        "ended_at": iso(None if not ended else begun + took),
        "due_at": iso(begun + timedelta(minutes=15)),
    },
    begun=moments,
    took=st.timedeltas(timedelta(seconds=-5), timedelta(minutes=45)),
    ended=st.booleans(),
    district=districts,
    line=names,
    kind=st.sampled_from(["bus", "tram", "taxi"]),
    speed=st.none() | st.floats(0, 120),
    norm=st.sampled_from([None, 40.0, 60.0]),
    riders=st.integers(0, 30),
    cashless=st.booleans(),
    device=st.sampled_from([None, "one", "two"]),
    halts=st.none() | st.lists(halts, max_size=3),
)
total_data = st.builds(
    lambda as_of, until, **data: {**data, "as_of": iso(as_of), "until": iso(until)},
    as_of=moments,
    until=optional_moments,
    district=districts,
    name=st.sampled_from(["residents", "stops", "smart_stops", "smarter_stops", "other"]),
    total=st.integers(0, 10**12),
)
probe_data = st.builds(
    lambda begun, took, good: {"begun_at": iso(begun), "ended_at": iso(begun + took), "good": good},
    begun=moments,
    took=st.timedeltas(timedelta(seconds=1), timedelta(minutes=10)),
    good=st.booleans(),
)


@st.composite
def events(draw: st.DrawFn) -> Decoded:
    """An event of any test type, from any city."""
    kind, data = draw(
        st.tuples(st.just(trips.TRIP), trip_data)
        | st.tuples(st.just(trips.TOTAL), total_data)
        | st.tuples(st.just(trips.PROBE), probe_data)
    )
    source = f"{draw(st.sampled_from(sorted(CITIES)))}/{draw(st.sampled_from(['test', 'heat']))}/one"
    raw: dict[str, Any] = {
        "specversion": "1.0",
        "id": "x",
        "source": f"/{source}",
        "type": kind,
        "time": iso(draw(moments)),
        "recordedtime": iso(draw(optional_moments)),
        "data": {name: value for name, value in data.items() if value is not None},
    }
    event = DECODE.decode(msgspec.json.encode(raw))
    key = EventKey(draw(st.integers(0, 3)), event.time)
    return Decoded(key, 0, parse_identity(source), "telemetry", 0, b"", event)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(events(), max_size=25, unique_by=lambda decoded: decoded.key))
def test_the_compiled_fold_equals_the_plain_one(found: list[Decoded]) -> None:
    assert fold(found, COMPILED, CITIES, STORED_AT) == expected(
        found, MEASURES, CITIES, STORED_AT, trips.REGISTRY.types
    )


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(events(), max_size=25, unique_by=lambda decoded: decoded.key), st.integers(0, 25))
def test_cuts_and_signs_do_not_matter(found: list[Decoded], cut: int) -> None:
    whole = fold(found, COMPILED, CITIES, STORED_AT)
    halves = [fold(part, COMPILED, CITIES, STORED_AT) for part in (found[:cut], found[cut:])]
    assert _added(*halves) == _added(whole)
    assert not any(any(sums) for sums in _added(whole, fold(found, COMPILED, CITIES, STORED_AT, -1)).values())


def _added(*folded: Folded) -> dict[Any, tuple[int, ...]]:
    """Everything additive of several folds, added up."""
    total: dict[Any, tuple[int, ...]] = {}
    for one in folded:
        additive: dict[Any, tuple[int, ...]] = {
            **{key: tuple(part) for key, part in one.parts.items()},
            **{key: (count,) for key, count in one.bins.items()},
            **{key: entry[:2] for key, entry in one.entries.items()},
        }
        for key, sums in additive.items():
            total[key] = tuple(a + b for a, b in zip(total.get(key, (0,) * len(sums)), sums, strict=True))
    return total
