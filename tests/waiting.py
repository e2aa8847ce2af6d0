"""Waiting for what other processes or tasks will bring about."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(probe: Callable[[], Awaitable[T]], *, within_s: float = 20.0) -> T:
    """The probe's first truthy answer; AssertionError with its last answer, or its own last one, when there is none."""
    deadline = time.monotonic() + within_s
    while True:
        late = time.monotonic() > deadline
        try:
            answer = await probe()
        except AssertionError:
            if late:
                raise
        else:
            if answer:
                return answer
            if late:
                raise AssertionError(f"still {answer!r} after {within_s} s")
        await asyncio.sleep(0.05)
