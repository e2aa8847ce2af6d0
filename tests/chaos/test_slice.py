"""A slice of `make chaos` short enough for every test run."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from random import Random

import pytest

from deploy.stack import Ports, Stack, kafka
from simulators.faults import Faults
from simulators.load import Load
from tests.chaos import burst, faults, tables, trial
from tests.chaos.burst import Sample, Watch
from tests.chaos.faults import MENU, Fault
from tests.chaos.sessions import LONGEST_S
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
        load = Load(
            installation.city,
            seed=1,
            rate=500,
            duration_s=18,
            faults=Faults(duplicates=0.02, disorder=0.05, lateness=0.05),
        )
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


def test_pauses_are_longer_than_anybody_waits_and_one_after_the_other() -> None:
    pauses = faults.SCENARIOS["paused"]
    assert {pause.target for pause in pauses} == {"ingest", "scorer", "api", "kafka", "mosquitto", "postgres"}
    assert all(pause.for_s > LONGEST_S[pause.target] >= 10 for pause in pauses)
    assert all(earlier.ends_s < later.after_s for earlier, later in pairwise(pauses))


def test_a_bursts_table_tells_peak_and_growth() -> None:
    seen = [
        Sample(at, {"scorer": mib}, broker, 0, 5.0)
        for at, mib, broker in ((-5.0, 100, 0), (5.0, 140, 7), (200.0, 150, 9), (300.0, 155, 3), (330.0, 120, 0))
    ]
    lines = burst.table(Watch(seen, ended_s=300.0, drained_s=40.0, burst=3000, took_s=300.0)).splitlines()
    assert "| scorer | 100 | 155 | 155 | +5 | 120 |" in lines
    assert "| most that waited in Mosquitto | 9 |" in lines
    assert "| a second | 10 |" in lines


def test_kafkas_clients_are_sent_through_the_proxy() -> None:
    ports = Ports(kafka=1234, kafka_controller=1235)
    changed = advertised_at(kafka.render(ports), ports.kafka, 4321).splitlines()
    (advertised,) = (line for line in changed if line.startswith("advertised.listeners="))
    (listeners,) = (line for line in changed if line.startswith("listeners="))
    assert ":4321" in advertised
    assert ":1234" not in advertised
    assert ":1234" in listeners
