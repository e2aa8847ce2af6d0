"""A slice of `make verify` short enough for every test run: three days of a small city, with every fault on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from deploy.stack import Stack
from simulators.cities import CITIES
from simulators.faults import Faults
from tests.installation import services_on
from tests.verify import tables, trial
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


@pytest.mark.stack
@pytest.mark.timeout(400)
def test_every_figure_of_a_small_city_is_right_though_everything_goes_wrong(stack: Stack) -> None:
    with services_on(stack, SLICE.city.category.value) as installation:
        wanted = replace(SLICE, city=replace(SLICE.city, code=installation.city))
        report = asyncio.run(trial.run(installation, wanted))
    assert report.letters
    assert report.letters.expected > 50
    assert report.good, tables.differences(report)
