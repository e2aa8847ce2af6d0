"""`python -m tests.export`: a simulated year of twenty towns, delivered, killed, repeated, corrected, and held against
the simulator's truth. Prints a table; exit 1 when a number is not as it must be."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from services.cli.database import open_past
from simulators.verify import TIMEZONE
from tests.conftest import free_slot
from tests.export import towns
from tests.export.towns import Span
from tests.export.truth import Wrong
from tests.export.year import Trial
from tests.installation import own_stack

say = partial(print, flush=True)
HEAD = (
    "| towns | events | deliveries | rows | numbers compared | kills | differences | told and closed, s "
    "| exported under kills, s | made anew, s | late event, s | compared, s |\n" + "|---" * 12 + "|"
)


def main() -> int:
    """Run it on a stack of its own."""
    parser = argparse.ArgumentParser(prog="python -m tests.export", description=__doc__)
    parser.add_argument("--year", type=int, default=2025)
    parser.add_argument("--towns", type=int, default=20)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    zone = ZoneInfo(TIMEZONE)
    span = Span(datetime(asked.year, 1, 1, tzinfo=zone), datetime(asked.year + 1, 1, 1, tzinfo=zone))
    some = [towns.town(number) for number in range(asked.towns)]
    with (
        TemporaryDirectory(prefix="ahual-export-year-") as folder,
        free_slot() as (place, ports),
        own_stack(place, ports, cache=Path(".stack-cache"), tls=False) as stack,
        ProcessPoolExecutor(asked.processes, get_context("spawn")) as pool,
    ):
        url = SecretStr(stack.env()["AHUAL_DATABASE_URL"])
        trial = Trial(url, Path(folder), span, some, asked.kills)
        return _run(trial, pool)


def _run(trial: Trial, pool: ProcessPoolExecutor) -> int:
    asyncio.run(open_past(trial.url, trial.span.begin))
    asyncio.run(towns.register(trial.url, trial.towns))
    began = time.monotonic()
    told = sum(pool.map(trial.live, trial.towns))
    told_s = time.monotonic() - began
    say(f"{told:,} events told and closed after {told_s:.0f} s")
    report = asyncio.run(trial.run())
    say("; ".join(f"{what}: {seconds:.0f} s" for what, seconds in report.seconds.items()))
    began = time.monotonic()
    compared = list(pool.map(trial.compare, trial.towns))
    wrong: list[Wrong] = report.wrong + [one for _, found in compared for one in found]
    cells = (
        *(len(trial.towns), f"{told:,}", f"{report.deliveries:,}", f"{report.rows:,}"),
        *(f"{sum(count for count, _ in compared):,}", report.kills, len(wrong), f"{told_s:.0f}"),
        *(f"{seconds:.0f}" for seconds in report.seconds.values()),
        f"{time.monotonic() - began:.0f}",
    )
    say(f"\n{HEAD}\n| {' | '.join(map(str, cells))} |")
    say(f"\nThe late event made {report.revisions} revisions, and nothing else.")
    for one in wrong[:50]:
        say(f"  {one.place} {one.kpi} {one.what}: must be {one.expected}, is {one.found}")
    return 1 if wrong or report.kills < trial.kills else 0


if __name__ == "__main__":
    sys.exit(main())
