"""A slice of `make chaos` short enough for every test run: each service killed once under load."""

from __future__ import annotations

import asyncio

import pytest

from deploy.stack import Stack
from simulators.load import Load
from tests.chaos import trial
from tests.chaos.__main__ import table
from tests.installation import services_on

pytestmark = [pytest.mark.chaos, pytest.mark.stack, pytest.mark.timeout(240)]


def test_nothing_is_lost_or_counted_twice_when_a_service_is_killed(stack: Stack) -> None:
    with services_on(stack) as installation:
        load = Load(installation.city, seed=1, rate=500, duration_s=10, duplicates=0.02, disorder=0.05, lateness=0.05)
        report = asyncio.run(trial.run(installation, load, trial.plan(1, 2, 10)))
    assert report.good, table(report)


def test_the_seed_decides_moments_and_victims() -> None:
    planned = trial.plan(7, 10, 60)
    assert planned == trial.plan(7, 10, 60)
    assert planned != trial.plan(8, 10, 60)
    assert {kill.victim for kill in planned} == set(trial.VICTIMS)
    assert all(0 < kill.after_s < 60 for kill in planned)
