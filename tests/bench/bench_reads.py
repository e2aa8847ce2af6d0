"""Every read under load: `python -m tests.bench.bench_reads [--requests N] [--readers R]`.

Starts what the demo runs, with its simulated city and the month that it told, besides more devices that report at a
rate; asks every GET route of the OpenAPI description in turn, over connections that stay open. Prints a table, slowest
first; asserts nothing but that every answer is one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx2

from deploy.stack import Program
from services.cli import demo
from tests.bench.bench_api import measure
from tests.bench.say import say
from tests.bench.tables import percentile
from tests.simulated import simulated_city

FOLDER: Final = Path(".stack-ui")
"""That of `make ui`: the month is told once."""
PORT_OFFSET: Final = 12_700
ENDLESS: Final = ("/events",)
CLOSED: Final = ("/api/v1/audit",)
"""Wants an administrator even in a demo."""
ELSEWHERE: Final = ("/api/v1/session/oidc",)
"""Leads to a provider that a demo has not."""
GIVEN: Final = {"code": "2.1", "network": "heat", "layer": "air", "kpi": "2.1", "year": "2026"}
WARM_S: Final = 20


class Read(NamedTuple):
    """A path, and how long its answers took."""

    path: str
    bytes: int
    ms: list[float]


async def paths(client: httpx2.AsyncClient, city: str) -> list[str]:
    """Every GET route that can be asked here, with what its path and its required questions want."""
    described = (await client.get("/api/v1/openapi.json")).json()
    given = {**GIVEN, "city": city, **await _found(client, city)}
    return sorted(
        _filled(path, methods["get"], given)
        for path, methods in described["paths"].items()
        if "get" in methods and not path.endswith(ENDLESS) and not path.startswith((*CLOSED, *ELSEWHERE))
    )


async def _found(client: httpx2.AsyncClient, city: str) -> dict[str, str]:
    """Names that only this installation knows: an object of the map, a delivery."""
    air = (await client.get("/api/v1/layers/air", params={"city": city})).json()["features"]
    listed = (await client.get("/api/v1/exports", params={"city": city})).json()["deliveries"]
    folder = listed[0]["folder"].split("/") if listed else ["", "", "", "0"]
    delivery = dict(zip(("period", "name", "revision"), folder[-3:], strict=True))
    return {"object": air[0]["id"], "file": next(iter(listed[0]["files"])) if listed else "", **delivery}


def _filled(path: str, described: dict[str, Any], given: dict[str, str]) -> str:
    wanted = [p["name"] for p in described.get("parameters", ()) if p["in"] == "query" and p.get("required")]
    if "city" in {p["name"] for p in described.get("parameters", ()) if p["in"] == "query"}:
        wanted = [*dict.fromkeys([*wanted, "city"])]
    asked = "&".join(f"{name}={given[name]}" for name in wanted)
    return path.format(**given) + (f"?{asked}" if asked else "")


async def run(address: str, asked: argparse.Namespace) -> None:
    """The table."""
    found: list[Read] = []
    refused: list[str] = []
    async with httpx2.AsyncClient(base_url=address, timeout=60, trust_env=False) as client:
        for path in await paths(client, demo.CITY.code):
            answer = await client.get(path)
            if answer.status_code != 200:
                refused.append(f"{path}: {answer.status_code}")
                continue
            ms, _ = await measure(client, path, asked.requests, asked.readers)
            found.append(Read(path, len(answer.content), sorted(ms)))
    say(
        f"\n{asked.readers} readers at once, {asked.requests} requests of each, load average {os.getloadavg()[0]:.1f}\n"
    )
    say("| read | bytes | p50 ms | p95 ms | p99 ms | max ms |\n|---|---|---|---|---|---|")
    for one in sorted(found, key=lambda read: -percentile(read.ms, 0.95)):
        figures = " | ".join(f"{percentile(one.ms, share):.1f}" for share in (0.5, 0.95, 0.99, 1.0))
        say(f"| `{one.path}` | {one.bytes} | {figures} |")
    for path in refused:
        say(f"\nnot measured, because refused: {path}")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--rate", type=float, default=500, help="events a second beside the city's own")
    asked = parser.parse_args()
    with simulated_city(FOLDER, PORT_OFFSET) as stack:
        ahual = str(Path(sys.executable).with_name("ahual"))
        crowd = ("simulate", "--city", demo.CITY.code, "--rate", f"{asked.rate:g}", "--duration", "3600")
        stack.start(Program(name="crowd", argv=(ahual, *crowd), env={}))
        time.sleep(WARM_S)
        asyncio.run(run(f"http://127.0.0.1:{stack.ports.api}", asked))


if __name__ == "__main__":
    main()
