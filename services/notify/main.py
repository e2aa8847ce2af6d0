"""Wiring: look, decide, send; again and again until told to stop."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from services.notify import findings, outbox, senders
from services.notify.errors import WayError
from services.notify.outbox import Letter
from services.notify.rules import Rules, load
from services.notify.settings import NotifySettings
from services.runtime import locks
from services.runtime.clock import Clock
from services.runtime.database import DATABASE_ERRORS, open_database

log = logging.getLogger(__name__)
NOTIFY_LOCK: Final = 0x4E4F5449


async def watch(settings: NotifySettings, clock: Clock, stop: asyncio.Event) -> None:
    """Passes with a pause between them until `stop` is set."""
    rules = load(settings.notify_rules)
    engine = open_database(settings.database_url, pool_size=2, application="ahual-notify")
    try:
        while not stop.is_set():
            try:
                await once(engine, settings, rules, clock)
            except DATABASE_ERRORS as error:
                log.warning("nothing can be looked at, trying again", extra={"reason": str(error)[:300]})
            try:
                async with asyncio.timeout(settings.notify_pause_s):
                    await stop.wait()
            except TimeoutError:
                continue
    finally:
        await engine.dispose()


async def once(engine: AsyncEngine, settings: NotifySettings, rules: Rules, clock: Clock) -> int:
    """One look, and sending what is due; how many messages left. Nothing while another notifier is at it.

    The order: 1. what is news and who is to hear it, in one transaction; 2. send; 3. remember that it is out. A death
    between 2 and 3 says the same message twice, under the same id; none is lost and none is made twice.
    """
    async with locks.sole_or_none(engine, NOTIFY_LOCK, "") as connection:
        if connection is None:
            return 0
        for rule in rules.rules:
            found = await findings.find(connection, rule)
            await outbox.decide(connection, rule, found, clock())
            await connection.commit()
        out = 0
        for name, way in rules.ways.items():
            while letters := await outbox.waiting(connection, name, clock()):
                await connection.commit()
                try:
                    await senders.send(settings, name, way, letters, clock())
                except WayError as error:
                    log.warning("a way refused", extra={"way": name, "reason": str(error)[:300]})
                    await outbox.failed(connection, letters, clock(), str(error.params.get("problem", error.key)))
                    await connection.commit()
                    break
                await outbox.sent(connection, letters, clock())
                await connection.commit()
                out += 1
            await connection.commit()
    return out


async def trial(settings: NotifySettings, name: str, clock: Clock) -> None:
    """One message by a way, about nothing. Raises RulesError, WayError or KeyError."""
    way = load(settings.notify_rules).ways[name]
    letter = Letter(0, "trial", "trial", "", "", "raised", clock(), {})
    await senders.send(settings, name, way, [letter], clock())
