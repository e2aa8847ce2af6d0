"""Wiring: look, decide, send; again and again until told to stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notify import findings, outbox, senders
from services.notify.errors import WayError
from services.notify.outbox import NONE, Letter
from services.notify.rules import Rules, load
from services.notify.settings import NotifySettings
from services.runtime import locks
from services.runtime.clock import Clock
from services.runtime.database import DATABASE_ERRORS, open_database
from services.runtime.metrics import Metrics

log = logging.getLogger(__name__)
NOTIFY_LOCK: Final = 0x4E4F5449


async def watch(settings: NotifySettings, clock: Clock, stop: asyncio.Event) -> None:
    """Passes with a pause between them until `stop` is set."""
    rules = load(settings.notify_rules)
    metrics = Metrics()
    metrics.serve(settings.metrics_host, settings.notify_metrics_port)
    engine = open_database(settings.database_url, pool_size=2, application="ahual-notify")
    notifier = Notifier(engine, settings, rules, clock, metrics)
    try:
        while not stop.is_set():
            try:
                await notifier.once()
            except DATABASE_ERRORS as error:
                log.warning("nothing can be looked at, trying again", extra={"reason": str(error)[:300]})
            try:
                async with asyncio.timeout(settings.notify_pause_s):
                    await stop.wait()
            except TimeoutError:
                continue
    finally:
        await engine.dispose()


@dataclass(frozen=True, slots=True)
class Notifier:
    """Looks, decides and sends."""

    engine: AsyncEngine
    settings: NotifySettings
    rules: Rules
    clock: Clock
    metrics: Metrics

    async def once(self) -> int:
        """One look, and sending what is due; how many messages left. Nothing while another notifier is at it.

        The order: 1. what is news and who is to hear it, in one transaction; 2. send; 3. remember that it is out. A
        death between 2 and 3 says the same message twice, under the same id; none is lost and none is made twice.
        """
        async with locks.sole_or_none(self.engine, NOTIFY_LOCK, "") as connection:
            if connection is None:
                return 0
            for rule in self.rules.rules:
                found = await findings.find(connection, rule)
                await outbox.decide(connection, rule, found, self.clock())
                await connection.commit()
            out = 0
            for name in self.rules.ways:
                while await self._sent(connection, name):
                    out += 1
            await self._tell(connection)
        return out

    async def _sent(self, connection: AsyncConnection, name: str) -> bool:
        """Whether a message left by this way: not when nothing waits, or it refuses."""
        letters = await outbox.waiting(connection, name, self.clock())
        await connection.commit()
        if not letters:
            return False
        failure = await self._failure(name, letters)
        if failure is None:
            await outbox.sent(connection, letters, self.clock())
        else:
            await outbox.failed(connection, letters, self.clock(), failure)
        await connection.commit()
        outcome = "sent" if failure is None else "refused"
        self.metrics.counter("ahual_notify_messages_total").labels(name, outcome).inc()
        return failure is None

    async def _failure(self, name: str, letters: Sequence[Letter]) -> str | None:
        try:
            await senders.send(self.settings, name, self.rules.ways[name], letters, self.clock())
        except WayError as error:
            log.warning("a way refused", extra={"way": name, "reason": str(error)[:300]})
            return str(error.params.get("problem", error.key))
        return None

    async def _tell(self, connection: AsyncConnection) -> None:
        """Prometheus, what waits."""
        now = self.clock()
        found = await outbox.backlog(connection, now)
        await connection.commit()
        for name in self.rules.ways:
            waiting = found.get(name, NONE)
            self.metrics.gauge("ahual_notify_waiting").labels(name).set(waiting.notices)
            age = now - waiting.since if waiting.since else timedelta()
            self.metrics.gauge("ahual_notify_waiting_seconds").labels(name).set(age.total_seconds())


async def trial(settings: NotifySettings, name: str, clock: Clock) -> None:
    """One message by a way, about nothing. Raises RulesError, WayError or KeyError."""
    way = load(settings.notify_rules).ways[name]
    letter = Letter(0, "trial", "trial", "", "", "raised", clock(), {})
    await senders.send(settings, name, way, [letter], clock())
