"""A slice of `make verify` short enough for every test run: three days of a small city, with every fault on.

What people watch is looked at on the same installation: every panel of every dashboard has something to show."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from deploy.stack import Stack
from simulators.cities import CITIES
from simulators.faults import Faults
from tests.installation import services_on
from tests.verify import panels, scraping, tables, trial
from tests.verify.panels import Told
from tests.verify.trial import Wanted

SLICE = Wanted(
    CITIES["taiynsha"],
    seed=3,
    days=3,
    memory=False,
    faults=Faults.stated(["all"]),
    live_s=6.0,
    load_s=6.0,
    rate=100.0,
    bases=("live",),
    within=timedelta(minutes=2),
)


pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def told(stack: Stack) -> Iterator[Told]:
    """The installation as it is after the city has told its days."""
    with services_on(stack, SLICE.city.category.value) as installation, scraping.prometheus(installation) as watcher:
        wanted = replace(SLICE, city=replace(SLICE.city, code=installation.city))
        yield Told(installation, wanted.city, asyncio.run(trial.run(installation, wanted)), watcher)


def test_every_figure_of_a_small_city_is_right_though_everything_goes_wrong(told: Told) -> None:
    report = told.report
    assert report.letters
    assert report.letters.expected > 50
    assert report.good, tables.differences(report)


async def test_every_panel_and_alert_reads_rows_from_the_database(told: Told) -> None:
    """As the read-only role; the time is printed (`-s`), not judged."""
    await panels.complete(told)
    rows = await panels.read(told)
    print(panels.table(rows))  # noqa: T201
    assert len(rows) > 35
    assert [row.name for row in rows if not row.rows] == []


@scraping.needs_prometheus
def test_a_real_prometheus_scrapes_every_process_and_every_panel_reads_it(told: Told) -> None:
    assert told.watcher
    watcher = told.watcher
    assert dict(watcher.targets()) == dict.fromkeys(scraping.JOBS, "up")
    assert {rule["health"] for rule in watcher.rules()} == {"ok"}
    assert len(watcher.rules()) == scraping.rules_stated()
    rows = panels.read_metrics(told, watcher.ask)
    print(panels.table(rows))  # noqa: T201
    assert len(rows) > 15
    assert [row.name for row in rows if not row.rows] == []
    assert watcher.names() - {"up"} <= scraping.KNOWN
