"""A slice of `make chaos` short enough for every test run."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from deploy.stack import Ports, Stack, kafka
from simulators.load import Load
from tests.chaos import faults, tables, trial
from tests.chaos.faults import MENU, Fault
from tests.chaos.wiring import advertised_at, own_city, services_through_proxies

FIRST_PROXY = 32_800
SLICE = (
    Fault("kill", "scorer", 1.5),
    Fault("lose_commit", "scorer-postgres", 4.0, 1.0),
    Fault("kill", "ingest", 6.0),
    Fault("cut", "scorer-postgres", 8.5, 1.0),
    Fault("cut", "devices-mqtt", 10.5, 0.5),
    Fault("stall", "ingest-mqtt", 12.0, 2.0),
)


@pytest.mark.chaos
@pytest.mark.stack
@pytest.mark.timeout(300)
def test_nothing_is_lost_or_counted_twice_whatever_breaks(stack: Stack) -> None:
    first = FIRST_PROXY + 10 * Random(stack.ports.mqtt).randrange(20)
    with services_through_proxies(stack, first) as wired, own_city(stack) as installation:
        load = Load(installation.city, seed=1, rate=500, duration_s=18, duplicates=0.02, disorder=0.05, lateness=0.05)
        report = asyncio.run(trial.run(wired, installation, load, SLICE))
    assert report.good, tables.faults(report) + tables.sums([report])


def test_the_seed_decides_what_goes_wrong_and_when() -> None:
    assert faults.draw(7) == faults.draw(7)
    assert faults.draw(7) != faults.draw(8)
    drawn = [fault for seed in range(len(MENU)) for fault in faults.draw(seed)]
    assert {(fault.kind, fault.target) for fault in drawn} == {line[:2] for line in MENU}
    assert all(0 < fault.after_s < 10 for fault in drawn)


def test_kills_hit_gateway_and_scorer_within_the_load() -> None:
    planned = faults.kills(7, 10, 60)
    assert planned == faults.kills(7, 10, 60) != faults.kills(8, 10, 60)
    assert {fault.target for fault in planned} == {"ingest", "scorer"}
    assert all(0 < fault.after_s < 60 for fault in planned)


def test_kafkas_clients_are_sent_through_the_proxy() -> None:
    ports = Ports(kafka=1234, kafka_controller=1235)
    changed = advertised_at(kafka.render(ports), ports.kafka, 4321).splitlines()
    (advertised,) = (line for line in changed if line.startswith("advertised.listeners="))
    (listeners,) = (line for line in changed if line.startswith("listeners="))
    assert ":4321" in advertised
    assert ":1234" not in advertised
    assert ":1234" in listeners
