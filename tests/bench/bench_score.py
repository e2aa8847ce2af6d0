"""Scoring 10,000 cities of 118 KPIs each, in CPU time of one core: prints a table, asserts nothing.

python -m tests.bench.bench_score [CITIES]
"""

from __future__ import annotations

import random
import sys
from time import process_time

from rich.console import Console
from rich.table import Table

from schemas.catalogue import Category, Target
from services.cityscore.attainment import UPDATE_PARTS, Value
from services.cityscore.catalogue import load_catalogue
from services.cityscore.index import score_with
from services.cityscore.policy import Policy
from services.cityscore.ranking import rank
from services.cityscore.rubric import Rubric


def main(cities: int) -> None:
    """Time loading, compiling, scoring and ranking."""
    table = Table("step", "CPU seconds", "per city, µs")
    started = process_time()
    catalogue = load_catalogue()
    loaded = process_time()
    rubric = Rubric.of(catalogue, Category.REPUBLICAN, Policy(levels="annex4"))
    compiled = process_time()
    chance = random.Random(469)
    values = [{code: _value(c.target, chance) for code, c in rubric.criteria.items()} for _ in range(cities)]
    drawn = process_time()
    scores = {f"city-{n}": score_with(rubric, one) for n, one in enumerate(values)}
    scored = process_time()
    rank(scores)
    ranked = process_time()
    table.add_row("load the catalogue", f"{loaded - started:.3f}", "")
    table.add_row("compile a rubric", f"{compiled - loaded:.4f}", "")
    for step, seconds in (
        (f"score {cities:,} cities × {len(rubric.criteria)} KPIs", scored - drawn),
        ("rank them", ranked - scored),
    ):
        table.add_row(step, f"{seconds:.2f}", f"{seconds / cities * 1e6:.0f}")
    Console().print(table)


def _value(target: Target, chance: random.Random) -> Value:
    if target.op == "each_at_most":
        return {part: chance.uniform(0, 48) for part in UPDATE_PARTS}
    if target.op in ("decrease", "increase", "no_worse"):
        return chance.uniform(-20, 20)
    return chance.uniform(0, 120)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
