"""Following a figure that grows in the database, and what the processes use meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from deploy.stack import Stack
from tests.bench.processes import Usage, measured, resident

LOOK_S: Final = 0.1
SILENT_S: Final = 45.0
"""Without growth for so long, it is over."""


@dataclass(slots=True)
class Run:
    """From the first growth seen to the last; times are monotonic."""

    first: int = 0
    last: int = 0
    began: float = 0.0
    ended: float = 0.0
    usage: Usage = field(default_factory=Usage)
    samples: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    """How far it was, and the resident memory by process name in MiB: about fifty over the run."""

    @property
    def seconds(self) -> float:
        return max(self.ended - self.began, 1e-9)

    @property
    def rate(self) -> float:
        """Growth per second."""
        return (self.last - self.first) / self.seconds

    def cpu_us(self, *names: str) -> float:
        """Microseconds of CPU per unit of growth."""
        return 1e6 * sum(self.usage.cpu.get(name, 0.0) for name in names) / max(self.rate, 1e-9)


async def follow(
    stack: Stack, grown: Callable[[], Awaitable[int]], until: int, watch: tuple[str, ...], patience_s: float = 120.0
) -> Run:
    """Look until `until` is reached or nothing grows any more. Start-up does not count: the first growth begins it."""
    run, started = Run(), time.monotonic()
    while not (first := await grown()):
        if time.monotonic() - started > patience_s:
            return run
        await asyncio.sleep(LOOK_S / 4)
    run.first = run.last = first
    run.began = run.ended = time.monotonic()
    with measured(stack) as run.usage:
        while run.last < until and time.monotonic() - run.ended < SILENT_S:
            await asyncio.sleep(LOOK_S)
            now = await grown()
            if now > run.last:
                run.last, run.ended = now, time.monotonic()
                run.usage.mark()
                if now - (run.samples[-1][0] if run.samples else 0) >= until / 50:
                    run.samples.append((now, {name: resident(stack, name) for name in watch}))
    return run
