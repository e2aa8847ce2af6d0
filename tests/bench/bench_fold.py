"""The fold alone, in CPU time of one core: contact-centre events folded by the compiled functions and term by term.

Prints a table, asserts nothing. `python -m tests.bench.bench_fold [BATCH]`
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from time import process_time
from typing import Final

from rich.console import Console
from rich.table import Table

from services.cityscore.catalogue import load_catalogue
from services.scorer.decoding import RecordDecoder
from services.scorer.fold import fold
from services.scorer.measures import compile_measures, kpis_of
from services.scorer.types import City, Decoded, Folded, Record
from simulators.cities import CITIES
from simulators.facts import encode
from simulators.moments import HOUR, milliseconds
from simulators.systems.contact_centre import SYSTEM
from tests.scorer.oracle import expected

ROUNDS: Final = 5
BEGIN: Final = datetime(2026, 11, 22, 4, tzinfo=UTC)
STORED_AT: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
CODE: Final = "almaty"


def main(batch: int) -> None:
    """Time both folds on the events of one city as they come, and on the same events within one minute each."""
    catalogue = load_catalogue()
    compiled = compile_measures(catalogue)
    measures = {kpi.code: kpi.measure for kpi in kpis_of(catalogue) if kpi.measure.bound}
    cities = {CODE: City(CODE, "republican", "Asia/Almaty", 0)}
    events = city_events(batch)
    folds: dict[str, Callable[[list[Decoded]], Folded]] = {
        "compiled": lambda found: fold(found, compiled, cities, STORED_AT),
        "term by term (the tests' oracle)": lambda found: expected(found, measures, cities, STORED_AT),
    }
    table = Table("events", "fold", "µs per event", "parts per event")
    for name, found in (("as a city's day brings them", events), ("as a busy minute brings them", busy(events))):
        for how, run in folds.items():
            seconds, folded = _best(run, found)
            table.add_row(name, how, f"{seconds / batch * 1e6:.2f}", f"{len(folded.parts) / batch:.2f}")
    kinds = Counter(type(decoded.event).__name__.removesuffix("Event") for decoded in events)
    Console().print(f"{batch} events: {', '.join(f'{n} {kind}' for kind, n in kinds.most_common())}", table)


def city_events(count: int) -> list[Decoded]:
    """The first events of a working day, in order of time, each with the stamp that KPI 1.1 runs from."""
    facts = SYSTEM.facts(7, CITIES[CODE], milliseconds(BEGIN), milliseconds(BEGIN) + 24 * HOUR)
    bodies = [encode(CODE, fact, recorded=fact.time) for fact in islice(facts, count)]
    decoded, rejected = RecordDecoder().decode([Record(i, body) for i, body in enumerate(bodies)], {CODE})
    if rejected or len(decoded) < count:
        raise SystemExit(f"the simulator gave {len(decoded)} events")
    return decoded


def busy(events: list[Decoded]) -> list[Decoded]:
    """The first events again and again: what a batch looks like when all the country reports within a minute."""
    few = events[: max(1, len(events) // 100)]
    return (few * (len(events) // len(few) + 1))[: len(events)]


def _best(run: Callable[[list[Decoded]], Folded], events: list[Decoded]) -> tuple[float, Folded]:
    best = float("inf")
    for _ in range(ROUNDS):
        started = process_time()
        folded = run(events)
        best = min(best, process_time() - started)
    return best, folded


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
