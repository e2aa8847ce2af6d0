"""States and messages in the database: what is news and who is to hear it are one transaction.

A message that nobody has heard yet is taken back when its subject is well again, and so is the all-clear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.tables import notice, notice_state
from services.notify.findings import Finding
from services.notify.quiet import due
from services.notify.rules import Rule
from services.notify.states import News, State, following

SOONEST: Final = timedelta(seconds=10)
LATEST: Final = timedelta(hours=1)
AT_ONCE: Final = 100
"""Lines in one message."""
_KEY: Final = ("rule", "city", "subject")
_STATE: Final = ("bad_since", "raised_at", "good_since", "told_at")


@dataclass(frozen=True, slots=True)
class Letter:
    """A stored message to one way."""

    id: int
    rule: str
    kind: str
    city: str
    subject: str
    what: News
    at: datetime
    facts: dict[str, Any]


async def decide(connection: AsyncConnection, rule: Rule, findings: Sequence[Finding], now: datetime) -> int:
    """Move every subject's state and store the messages that follow; how many. The caller commits."""
    query = sa.select(notice_state).where(notice_state.c.rule == rule.name)
    stored = (await connection.execute(query)).mappings()
    before = {(row["city"], row["subject"]): State(*(row[name] for name in _STATE)) for row in stored}
    count = 0
    for finding in findings:
        state = before.get((finding.city, finding.subject), State())
        after, news = following(state, rule, finding.value, now)
        if after != state:
            await _keep(connection, rule, finding, after)
        if news is not None:
            count += await _post(connection, rule, finding, news, now)
    return count


async def waiting(connection: AsyncConnection, way: str, now: datetime) -> list[Letter]:
    """Messages that the way should take now, oldest first; after a failure later and later."""
    c = notice.c
    pause = sa.func.least(LATEST, SOONEST * sa.func.power(2, sa.func.least(c.attempts, 12)))
    ripe = sa.or_(c.failed_at.is_(None), c.failed_at + pause <= now)
    query = (
        sa.select(*(c[name] for name in Letter.__dataclass_fields__))
        .where(c.way == way, c.sent_at.is_(None), c.dropped_at.is_(None), c.due_at <= now, ripe)
        .order_by(c.id)
        .limit(AT_ONCE)
    )
    return [Letter(*row) for row in await connection.execute(query)]


class Waiting(NamedTuple):
    """Notices of a way that are due and not out."""

    notices: int
    since: datetime | None
    """When the oldest of them was due."""


NONE: Final = Waiting(0, None)


async def backlog(connection: AsyncConnection, now: datetime) -> dict[str, Waiting]:
    """What waits, by way; a way without any is not named."""
    c = notice.c
    query = (
        sa.select(c.way, sa.func.count(), sa.func.min(c.due_at))
        .where(c.sent_at.is_(None), c.dropped_at.is_(None), c.due_at <= now)
        .group_by(c.way)
    )
    return {way: Waiting(count, since) for way, count, since in await connection.execute(query)}


async def sent(connection: AsyncConnection, letters: Sequence[Letter], now: datetime) -> None:
    """Remember that they are out."""
    await connection.execute(sa.update(notice).where(_these(letters)).values(sent_at=now, failure=None))


async def failed(connection: AsyncConnection, letters: Sequence[Letter], now: datetime, failure: str) -> None:
    """Remember that they were refused, and why."""
    values = {"failed_at": now, "failure": failure[:500], "attempts": notice.c.attempts + 1}
    await connection.execute(sa.update(notice).where(_these(letters)).values(values))


def _these(letters: Sequence[Letter]) -> sa.ColumnElement[bool]:
    return notice.c.id.in_([letter.id for letter in letters])


async def _keep(connection: AsyncConnection, rule: Rule, finding: Finding, state: State) -> None:
    key = dict(zip(_KEY, (rule.name, finding.city, finding.subject), strict=True))
    if state == State():
        await connection.execute(sa.delete(notice_state).where(*(notice_state.c[n] == v for n, v in key.items())))
        return
    values = {name: getattr(state, name) for name in _STATE}
    statement = insert(notice_state).values(key | values)
    await connection.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=values))


async def _post(connection: AsyncConnection, rule: Rule, finding: Finding, news: News, now: datetime) -> int:
    ways = set(rule.ways)
    if news == "cleared":
        ways -= await _take_back(connection, rule, finding, now)
    rows = [
        {
            "rule": rule.name,
            "kind": rule.kind,
            "city": finding.city,
            "subject": finding.subject,
            "what": news,
            "at": now,
            "way": way,
            "facts": dict(finding.facts),
            "attempts": 0,
            "due_at": due(rule.quiet, now, finding.zone),
        }
        for way in sorted(ways)
    ]
    if rows:
        await connection.execute(sa.insert(notice), rows)
    return len(rows)


async def _take_back(connection: AsyncConnection, rule: Rule, finding: Finding, now: datetime) -> set[str]:
    """Ways that have heard nothing of it yet, and now never will: nor do they need the all-clear."""
    c = notice.c
    ours = sa.and_(c.rule == rule.name, c.city == finding.city, c.subject == finding.subject)
    unheard = ours & c.sent_at.is_(None) & c.dropped_at.is_(None)
    dropped = sa.update(notice).where(unheard).values(dropped_at=now).returning(c.way, c.what)
    rows = (await connection.execute(dropped)).all()
    return {row.way for row in rows if row.what == "raised"}
