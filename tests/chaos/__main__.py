"""`python -m tests.chaos`: what goes wrong under load, and a table of what came of it.

python -m tests.chaos trials            seeded faults of every kind, singly and in pairs, a city per trial
python -m tests.chaos kills             one long load, gateway and scorer killed again and again
python -m tests.chaos broker            what a killed Mosquitto loses of what it acknowledged
python -m tests.chaos burst             ten times --rate for five minutes: memory and backlogs
python -m tests.chaos paused            every program held for longer than its longest session time-out
python -m tests.chaos paused-together   every two of them at once (over half an hour)
python -m tests.chaos taken-over        a scorer held, three times, while another one takes over
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import SystemRandom

from rich.console import Console

from simulators.faults import Faults
from simulators.load import Load
from tests.chaos import broker, burst, faults, tables, topics, trial
from tests.chaos.faults import Fault
from tests.chaos.trial import AFTERWARDS_S, Report
from tests.chaos.wiring import Wired, own_city, wired
from tests.installation import ports_from

FOLDER = Path(".stack-chaos")
PORT_OFFSET = 12_000
WHAT = ("trials", "kills", "broker", "burst", "topic-recreated", *faults.SCENARIOS)
FIRST_PROXY = 31_800


def main() -> int:
    """0 when every acknowledged message was counted exactly once and every figure is right."""
    asked = _arguments()
    say = Console(highlight=False, soft_wrap=True, markup=False).print
    if asked.what == "broker":
        broker.run(FOLDER, ports_from(PORT_OFFSET), asked.rate, asked.trials, say)
        return 0
    seed = asked.seed if asked.seed is not None else SystemRandom().randrange(1_000_000)
    small, turnable = asked.what == "disk-full", asked.what == "clock"
    with wired(FOLDER, ports_from(PORT_OFFSET), FIRST_PROXY, small=small, turnable=turnable) as installation:
        reports = list(_reports(installation, asked, seed, say))
    say(tables.sums(reports))
    return 0 if all(report.good for report in reports) else 1


def _reports(installation: Wired, asked: argparse.Namespace, seed: int, say: Callable[[str], None]) -> Iterator[Report]:
    if asked.what == "trials":
        say(tables.TRIALS_HEAD)
        done: list[tuple[int, Report]] = []
        for number in asked.seeds or range(seed, seed + asked.trials):
            # Not folded again each time: the ledger holds the trials before too.
            done.append((number, one(installation, number, asked.rate, faults.draw(number), refold=False)))
            say(tables.trial(*done[-1]))
            yield done[-1][1]
        say(tables.by_fault(done))
        return
    if asked.what == "burst":
        with own_city(installation.stack) as city:
            report, watch = asyncio.run(burst.run(installation, city, seed, asked.rate))
        say(burst.table(watch))
        yield report
        return
    if asked.what == "topic-recreated":
        yield one(installation, seed, asked.rate, ())
        asyncio.run(topics.recreate(installation.stack))
        yield one(installation, seed + 1, asked.rate, ())
        return
    chosen = faults.kills(seed, asked.kills, asked.duration) if asked.what == "kills" else faults.SCENARIOS[asked.what]
    say(f"seed {seed}: {len(chosen)} faults at {asked.rate:g} msg/s …")
    report = one(installation, seed, asked.rate, chosen)
    say(tables.faults(report))
    yield report


def one(wired: Wired, seed: int, rate: float, drawn: tuple[Fault, ...], *, refold: bool = True) -> Report:
    """One trial on a running installation, in a city of its own, once everything is whole again."""
    wired.wait()
    with own_city(wired.stack) as installation:
        load = Load(
            installation.city,
            seed,
            rate,
            duration_s=max((fault.ends_s for fault in drawn), default=AFTERWARDS_S) + AFTERWARDS_S,
            faults=Faults(duplicates=0.02, disorder=0.05, lateness=0.05),
        )
        return asyncio.run(trial.run(wired, installation, load, drawn, refold=refold))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=WHAT, nargs="?", default="trials")
    parser.add_argument("--seed", type=int, help="decides load, moments and faults; default: a new one, printed")
    parser.add_argument("--trials", type=int, default=8, help="with seeds from --seed on; broker: of each kind")
    parser.add_argument("--seeds", type=int, nargs="+", help="trials with these seeds instead")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--duration", type=float, default=120.0, help="of the load with kills, s")
    parser.add_argument("--rate", type=float, default=2000.0, help="QoS 1 messages a second")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
