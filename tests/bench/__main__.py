"""`python -m tests.bench`: measures on this machine and prints Markdown tables; asserts results, never a time."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable
from typing import Final

import psutil

from tests.bench import compare, exports, growth, history, live, replay
from tests.bench.frameworks import FRAMEWORKS
from tests.bench.say import say

SUITES: Final[dict[str, Callable[[argparse.Namespace], None]]] = {
    "live": live.measure,
    "replay": replay.measure,
    "compare": compare.measure,
    "history": history.measure,
    "growth": growth.measure,
    "exports": exports.measure,
}


def main() -> None:
    """Bring servers up, measure, print."""
    asked = _arguments()
    memory, load = psutil.virtual_memory().total / 2**30, os.getloadavg()[0]
    say(
        f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, load average {load:.1f} "
        "before, one machine for everything\n"
    )
    for name in asked.only or SUITES:
        SUITES[name](asked)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=SUITES, help="these suites; default all")
    one = parser.add_argument_group("live")
    one.add_argument("--seconds", type=float, default=0.0, help="of each measurement; default 12, with --full 600")
    one.add_argument("--full", action="store_true", help="ten minutes each")
    one.add_argument("--devices", type=int, default=8, help="MQTT connections of the generator")
    one.add_argument("--rates", type=float, nargs="*", default=[500.0, 2000.0], help="msg/s of the latency tables")
    one.add_argument("--ahead", type=int, default=4000, help="messages sent and not committed, at most (rate)")
    one.add_argument("--reads", type=int, default=1000, help="snapshot reads")
    two = parser.add_argument_group("replay")
    two.add_argument("--events", type=int, default=1_000_000, help="different events in the backlog")
    two.add_argument("--hours", type=float, default=2.0, help="of event time that the backlog spans")
    two.add_argument("--duplicates", type=float, default=1.0, help="of each 1,000 events, how many come twice")
    two.add_argument("--scorers", type=int, nargs="+", default=[1, 2], help="processes in the group")
    two.add_argument("--sizes", nargs="+", choices=("plain", "full"), default=["plain"], help="of events: 300, 450 B")
    two.add_argument("--memory", action="store_true", help="show memory over the run")
    two.add_argument("--profile", action="store_true", help="one more replay under py-spy")
    three = parser.add_argument_group("compare")
    folders = [framework.folder for framework in FRAMEWORKS]
    three.add_argument("--compared", type=int, default=300_000, help="different events in the backlog")
    three.add_argument("--frameworks", nargs="*", choices=folders, default=folders, help="these; default all")
    four = parser.add_argument_group("history")
    four.add_argument(
        "--lengths", nargs="+", choices=history.LENGTHS, default=list(history.LENGTHS), help="of the past"
    )
    four.add_argument("--districts", type=int, default=4, help="of the city, each with parts of every KPI")
    four.add_argument("--partitions", type=int, default=2, help="that each KPI's parts come from")
    four.add_argument("--ticks", type=int, default=100, help="scores of each kind")
    five = parser.add_argument_group("growth")
    five.add_argument("--cities", type=int, nargs="+", default=[1, 20, 200], help="how many share the backlog")
    five.add_argument("--grown", type=int, default=300_000, help="different events in that backlog")
    five.add_argument("--kpis", type=int, nargs="+", default=[118, 500], help="in the catalogue")
    six = parser.add_argument_group("exports")
    six.add_argument("--repeats", type=int, default=5, help="exports of the newest month of each city")
    asked = parser.parse_args()
    asked.seconds = asked.seconds or (600.0 if asked.full else 12.0)
    return asked


if __name__ == "__main__":
    main()
