"""`python -m tests.verify [month|faults|alone|together]`: a simulated month, every figure against the truth.

month    a republican, a regional and a district city, 31 days each
faults   the same with every fault on
together all systems at once at --rate (5,000) messages a second for --seconds (60), --devices of each (20)
alone    each system by itself, in the republican city, which is scored on all 118 KPIs
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from simulators.cities import CITIES
from simulators.faults import Faults
from simulators.systems import SYSTEMS
from tests.conftest import free_slot
from tests.installation import Installation, own_stack, services_on
from tests.verify import tables, trial
from tests.verify.trial import Report, Wanted

say = partial(print, flush=True)
ORDER = ("almaty", "karaganda", "taiynsha")


def main() -> int:
    """Print a table; exit 1 when something is not as it must be."""
    asked = _arguments()
    reports = []
    say(tables.HEAD)
    with _installation() as installation:
        for wanted in _wanted(asked):
            report = asyncio.run(_one(installation, wanted))
            reports.append(report)
            say(tables.row(report))
            if not report.good:
                say(tables.differences(report))
    if asked.what == "together":
        say(f"\n{tables.crowd(reports[0])}")
    if asked.figures:
        for report in reports:
            say(f"\n{report.wanted.city.names['en']}\n\n{tables.figures(report)}")
    if any(report.wanted.faults.any for report in reports):
        say(f"\n{tables.letters(reports)}")
    return 0 if all(report.good for report in reports) else 1


def _wanted(asked: argparse.Namespace) -> Iterator[Wanted]:
    faults = Faults.stated(["all"]) if asked.what == "faults" else Faults()
    systems = tuple(asked.system or SYSTEMS)
    plain = Wanted(CITIES["almaty"], asked.seed, systems, asked.days, faults)
    if asked.what == "alone":
        for system in systems:
            yield replace(plain, systems=(system,), load_s=5.0, live_s=5.0)
        return
    if asked.what == "together":
        crowd = {"rate": asked.rate, "load_s": asked.seconds, "devices": asked.devices}
        # A day of the past besides, because inventories are their registers' to state, not a crowd's.
        yield replace(plain, days=1, memory=False, live_s=0.0, bases=("live",), **crowd)
        return
    for city in asked.city or ORDER:
        yield replace(plain, city=CITIES[city])


async def _one(running: Installation, wanted: Wanted) -> Report:
    """In a city of its own, forgotten afterwards: the figures of one do not wait for those of another."""
    code = f"{running.city}-{wanted.city.code}-{len(wanted.systems)}-{wanted.systems[0]}"
    own = Installation(running.stack, code)
    await own.register(wanted.city.category.value)
    try:
        return await trial.run(own, replace(wanted, city=replace(wanted.city, code=code)))
    finally:
        await own.forget()


@contextmanager
def _installation() -> Iterator[Installation]:
    with (
        free_slot() as (folder, ports),
        own_stack(folder, ports, cache=Path(".stack-cache"), tls=False) as stack,
        services_on(stack) as running,
    ):
        yield running


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.verify", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("month", "faults", "alone", "together"), nargs="?", default="month")
    parser.add_argument("--rate", type=float, default=5000.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--devices", type=int, default=20)
    parser.add_argument("--seed", type=int, default=469)
    parser.add_argument("--days", type=int, default=31)
    parser.add_argument("--city", action="append", choices=ORDER)
    parser.add_argument("--system", action="append", choices=tuple(SYSTEMS))
    parser.add_argument("--figures", action="store_true", help="print every KPI with numerator, denominator and value")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
