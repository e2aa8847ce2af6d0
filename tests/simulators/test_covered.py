"""Every KPI of the order has a source, a simulator and a truth."""

from __future__ import annotations

from services.cityscore.catalogue import load_catalogue
from services.cli.coverage import coverage
from simulators.cities import CITIES
from simulators.moments import DAY
from simulators.systems import SYSTEMS
from simulators.truths import TRUTHS

END = 1_795_046_400_000


def test_every_kpi_has_a_source_a_simulator_and_a_truth() -> None:
    rows = coverage(load_catalogue())
    assert len(rows) == 118
    assert [row.code for row in rows if not row.complete] == []


def test_every_event_type_that_a_truth_reads_is_told_by_a_system() -> None:
    city = CITIES["karaganda"]
    kinds = {
        fact.kind
        for system in SYSTEMS.values()
        for month in (range(12) if system.name != "contact-centre" else (0,))  # some things only happen in spring
        for fact in system.facts(1, city, END - 30 * month * DAY, END - 30 * month * DAY + 2 * DAY)
    }
    parts = [part for kpi in TRUTHS.values() for part in (kpi, *(kpi.components or {}).values())]
    read = {added.kind for part in parts for added in (*part.numerator, *part.denominator, *part.base)}
    assert read - kinds == set()
