"""The demo's installation for whoever has to look at it or measure it: servers, services, a city with its month."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from deploy.stack import Stack
from deploy.stack.progress import ConsoleProgress
from services.cli import demo
from tests.installation import ports_from


@contextmanager
def simulated_city(folder: Path, port_offset: int) -> Iterator[Stack]:
    """What `ahual demo` runs, in a folder and on ports of its own, down at the end. A kept one tells only the gap."""
    console = Console(stderr=True)
    ports = ports_from(port_offset)
    # The city's processes learn the ports as a person's would.
    os.environ.update({f"AHUAL_PORT_{name.upper()}": str(port) for name, port in ports.model_dump().items()})
    stack = Stack(folder, ports, ConsoleProgress(console))
    with demo.sole_demo(stack):
        try:
            keys = demo.start(stack, ConsoleProgress(console, "demo"))
            demo.add_demo_user(stack)
            asyncio.run(demo.load_history(stack, keys, console))
            demo.export(stack)
            demo.simulate(stack)
            yield stack
        finally:
            stack.down()
