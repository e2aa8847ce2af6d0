"""Committing batch after batch: stored events and new cities among them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.topics import EVENTS
from services.cityscore.catalogue import load_catalogue
from services.runtime.clock import utc_now
from services.runtime.topic_identity import TopicIdentity
from services.scorer import offsets
from services.scorer.adoption import Adoption
from services.scorer.cities import Cities
from services.scorer.commits import EventCommits
from services.scorer.types import Batch, Record
from tests.scorer.events import answered
from tests.scorer.test_transaction import COMPILED

pytestmark = pytest.mark.stack


class Log:
    """A partition's log and its only scorer."""

    def __init__(self, engine: AsyncEngine, url: SecretStr) -> None:
        self._engine = engine
        self._cities = Cities(engine)
        adoption = Adoption(url, engine, load_catalogue(), self._cities, utc_now)
        self._commits = EventCommits(engine, COMPILED, self._cities, adoption, utc_now)
        self._position = 0

    async def commit(self, *bodies: bytes) -> tuple[int, int, int]:
        """Stored, duplicate, rejected."""
        async with self._engine.begin() as connection:
            await offsets.enter(connection, TopicIdentity("test", "commits"), EVENTS, 0, 0)
        records = [Record(self._position + n, body) for n, body in enumerate(bodies)]
        outcome = await self._commits.commit(Batch("test", "commits", EVENTS, 0, self._position, records))
        self._position += len(bodies)
        assert outcome.unreconciled == 0
        return outcome.stored, outcome.duplicate, outcome.rejected


async def test_stored_events_come_again_and_stop_coming(database: AsyncEngine, database_url: SecretStr) -> None:
    log = Log(database, database_url)
    a, b, c, d, e = (answered(id=name) for name in "abcde")
    assert await log.commit(a, b) == (2, 0, 0)
    assert await log.commit(b, c) == (1, 1, 0)
    assert await log.commit(a) == (0, 1, 0)
    assert await log.commit(d) == (1, 0, 0)
    assert await log.commit(e) == (1, 0, 0)
    assert await log.commit(a, e) == (0, 2, 0)


async def test_a_city_registered_meanwhile_is_known(database: AsyncEngine, database_url: SecretStr) -> None:
    log = Log(database, database_url)
    assert await log.commit(answered(id="a")) == (1, 0, 0)
    assert await log.commit(answered(id="b", city="nowhere")) == (0, 0, 1)
    async with database.begin() as connection:
        await connection.execute(
            sa.text("INSERT INTO city (code, name, category, timezone) VALUES ('new', '{}', 'regional', 'Asia/Almaty')")
        )
    assert await log.commit(answered(id="c", city="new"), answered(id="d", city="nowhere")) == (1, 0, 1)
