"""Wiring of the probe: looking at the page, counting what is shown, reporting both."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import httpx2

from services.probe import events, looking, watching
from services.probe.errors import RefusedError, UnseenError
from services.probe.reporting import Reporter
from services.probe.settings import ProbeSettings
from services.probe.spool import Spool
from services.runtime import process
from services.runtime.clock import Clock, utc_now
from services.runtime.metrics import Metrics

log = logging.getLogger(__name__)
SEND_S: Final = 1.0
REFUSED_S: Final = 30.0


def main(settings: ProbeSettings) -> None:
    """Observe until told to stop. SpoolTakenError at once when another probe has the spool."""
    with Spool(settings.probe_spool) as spool:
        process.run(lambda stop: observe(settings, spool, utc_now, stop), log_level=settings.log_level)


async def observe(settings: ProbeSettings, spool: Spool, clock: Clock, stop: asyncio.Event) -> None:
    """Everything of one observer."""
    metrics = Metrics()
    metrics.serve(settings.metrics_host, settings.probe_metrics_port)
    unreported = metrics.gauge("ahual_probe_unreported")
    observer = Observer(settings, spool, clock, metrics)
    timeout = settings.probe_timeout_s
    async with httpx2.AsyncClient(verify=settings.tls(), trust_env=False, timeout=timeout) as client:
        reporter = Reporter(settings, spool, client)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_every(settings.probe_every_s, observer.watch)),
                group.create_task(_every(settings.probe_look_s, observer.count, again_s=settings.probe_every_s)),
                group.create_task(_report(reporter, lambda: unreported.set(len(spool)))),
            ]
            await stop.wait()
            for task in tasks:
                task.cancel()
        with suppress(httpx2.HTTPError, RefusedError):
            await reporter.send()


class Observer:
    """Knows up to when it has spoken."""

    def __init__(self, settings: ProbeSettings, spool: Spool, clock: Clock, metrics: Metrics) -> None:
        self._settings = settings
        self._token = settings.probe_token.get_secret_value()
        self._where = (settings.probe_page, settings.probe_city, settings.probe_timeout_s, settings.tls())
        self._spool = spool
        self._clock = clock
        self._before: datetime | None = None
        self._metrics = metrics

    async def watch(self) -> bool:
        """Look at the page; the answer stands for the time since the look before, if there was one not long ago.

        The first look after a start says nothing: nobody watched until then. Nothing is said twice of the same time,
        not even when the clock was set back.
        """
        seen = await watching.look(*self._where)
        before, now = self._before, self._clock()
        self._before = now
        self._metrics.counter("ahual_probe_looks_total").labels("good" if seen.good else "bad").inc()
        if seen.answered_ms is not None:
            self._metrics.histogram("ahual_probe_answer_seconds").observe(seen.answered_ms / 1000)
        if before is None:
            return True
        begun = max(before, self._spool.until or before)
        if timedelta(0) < now - begun <= timedelta(seconds=self._settings.longest_s):
            kept = self._spool.add([events.stretch(begun, now, seen)], now)
            if not kept:
                log.error("spool full: the intake has not answered for too long; this stretch will be missing")
        return True

    async def count(self) -> bool:
        """Count what is shown; whether it could be counted."""
        try:
            counts = await looking.count(*self._where, token=self._token)
        except UnseenError as error:
            log.warning("what is shown cannot be counted", extra={"reason": str(error)[:300]})
            return False
        for name, number in counts._asdict().items():
            self._metrics.gauge("ahual_probe_shown").labels(name).set(number)
        return self._spool.add(events.totals(counts, self._clock()))


async def _every(seconds: float, work: Callable[[], Awaitable[bool]], again_s: float | None = None) -> None:
    """Do it again and again, in step; sooner when it could not be done."""
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        done = await work()
        wait = seconds if done or again_s is None else again_s
        await asyncio.sleep(max(0.0, began + wait - loop.time()))


async def _report(reporter: Reporter, tell: Callable[[], None]) -> None:
    """Send again and again; `tell` says what waits, because the metrics' own thread must not ask SQLite."""
    away = False
    while True:
        tell()
        pause = SEND_S
        try:
            while await reporter.send():
                pass
            away = False
        except httpx2.HTTPError as error:
            if not away:
                log.warning("the intake is away; observations wait", extra={"reason": repr(error)})
            away = True
        except RefusedError as error:
            log.error("the intake refuses the probe", extra={"status": error.status, "detail": error.detail})
            pause = REFUSED_S
        await asyncio.sleep(pause)
