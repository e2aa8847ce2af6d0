"""How long one snapshot takes: `python -m tests.bench.bench_api [--url URL] [--city CITY] [--requests N]`.

Measures `GET …/cityscore` against a running API, one request at a time and then several at once, over connections that
stay open. Prints a table, asserts nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time

import httpx2
from rich.console import Console
from rich.table import Table


async def measure(client: httpx2.AsyncClient, path: str, total: int, readers: int) -> tuple[list[float], float]:
    """Milliseconds of each request, and requests per second."""
    taken: list[float] = []

    async def reader() -> None:
        for _ in range(total // readers):
            began = time.perf_counter()
            (await client.get(path)).raise_for_status()
            taken.append((time.perf_counter() - began) * 1000)

    began = time.perf_counter()
    await asyncio.gather(*(reader() for _ in range(readers)))
    return taken, len(taken) / (time.perf_counter() - began)


async def run(url: str, city: str, total: int) -> None:
    table = Table(title=f"GET /api/v1/cities/{city}/cityscore")
    for column in ("readers", "requests", "bytes", "per s", "p50 ms", "p95 ms", "p99 ms", "max ms"):
        table.add_column(column, justify="right")
    path = f"/api/v1/cities/{city}/cityscore"
    async with httpx2.AsyncClient(base_url=url, timeout=30) as client:
        size = len((await client.get(path)).raise_for_status().content)
        for readers in (1, 4, 16):
            await measure(client, path, 100, readers)
            taken, rate = await measure(client, path, total, readers)
            cuts = statistics.quantiles(taken, n=100)
            figures = (cuts[49], cuts[94], cuts[98], max(taken))
            table.add_row(str(readers), str(len(taken)), str(size), f"{rate:.0f}", *(f"{ms:.2f}" for ms in figures))
    Console(file=sys.stdout).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:18080")
    parser.add_argument("--city", default="almaty")
    parser.add_argument("--requests", type=int, default=2000)
    chosen = parser.parse_args()
    asyncio.run(run(chosen.url, chosen.city, chosen.requests))


if __name__ == "__main__":
    main()
