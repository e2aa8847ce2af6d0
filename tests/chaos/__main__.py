"""`python -m tests.chaos`: kills at random moments under load, and a table of what came of it."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from random import SystemRandom

from rich.console import Console

from simulators.load import Load
from tests.chaos import trial
from tests.chaos.trial import Report
from tests.installation import own_stack, ports_from, services_on

FOLDER = Path(".stack-chaos")
PORT_OFFSET = 11_500


def main() -> int:
    """0 when every acknowledged message was counted exactly once and every figure is right."""
    asked = _arguments()
    seed = asked.seed if asked.seed is not None else SystemRandom().randrange(1_000_000)
    with own_stack(FOLDER, ports_from(PORT_OFFSET)) as stack, services_on(stack) as installation:
        load = Load(
            installation.city,
            seed,
            rate=asked.rate,
            duration_s=asked.duration,
            duplicates=0.02,
            disorder=0.05,
            lateness=0.05,
        )
        say = Console(highlight=False, soft_wrap=True).print
        say(f"seed {seed}: {asked.kills} kills in {asked.duration:g} s at {asked.rate:g} msg/s …")
        report = asyncio.run(trial.run(installation, load, trial.plan(seed, asked.kills, asked.duration)))
    say(table(report), markup=False)
    return 0 if report.good else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="decides load, moments and victims; default: a new one, printed")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--duration", type=float, default=120.0, help="of the load, s")
    parser.add_argument("--rate", type=float, default=1000.0, help="QoS 1 messages a second")
    return parser.parse_args()


def table(report: Report) -> str:
    """Markdown."""
    lines = ["", "| # | killed after, s | process | back after, s |", "|---|---|---|---|"]
    for number, kill in enumerate(report.kills, 1):
        back = "—" if kill.recovered_s is None else f"{kill.recovered_s:.2f}"
        lines.append(f"| {number} | {kill.planned.after_s:.1f} | {kill.planned.victim} | {back} |")
    lines += ["", "| what | number |", "|---|---|", f"| seed | {report.load.seed} |"]
    if account := report.account:
        lines += [
            f"| messages acknowledged (PUBACK) | {account.acknowledged} |",
            f"| distinct events among them | {account.distinct} |",
            f"| events in the ledger | {account.stored} |",
            f"| duplicates recognised | {account.redelivered} |",
            f"| offsets unaccounted for | {account.unreconciled} |",
            f"| offsets skipped | {account.skipped} |",
            f"| dead letters | {account.dead_letters} |",
            f"| drained after the load, s | {report.drained_s:.1f} |",
        ]
    lines.append(f"| figures that differ from the truth | {len(report.differences)} |")
    lines += [f"- {d.kpi} {d.what}: truth {d.expected}, found {d.found}" for d in report.differences]
    lines += ["", "exactly once: " + ("yes" if report.good else "NO")]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
