"""Pages of dead letters."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.tables import dead_letter
from tests.api.conftest import Api
from tests.api.samples import CITY
from tests.api.test_access import letter

pytestmark = pytest.mark.stack
PATH = f"/api/v1/cities/{CITY}/dead-letters"


async def reject(engine: AsyncEngine, *numbers: int, city: str = CITY) -> None:
    async with engine.begin() as connection:
        for number in numbers:
            await connection.execute(sa.insert(dead_letter).values(letter(number, city)))


async def page(api: Api, **asked: int) -> list[int]:
    answer = await api.client.get(PATH, params=asked)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()]


async def test_pages_hold_every_letter_once_newest_first_though_more_come(api: Api, database: AsyncEngine) -> None:
    await reject(database, *range(5))
    await reject(database, 5, city="almaty")
    every = await page(api)
    assert (len(every), every) == (5, sorted(every, reverse=True))
    first = await page(api, limit=2)
    await reject(database, 6)
    second = await page(api, limit=2, before=first[-1])
    third = await page(api, limit=2, before=second[-1])
    assert first + second + third == every
    assert await page(api, limit=2, before=third[-1]) == []
    assert len(await page(api)) == 6


@pytest.mark.parametrize("asked", [{"before": -1}, {"before": 2**63}, {"limit": 0}, {"limit": 1001}])
async def test_pages_that_cannot_be(api: Api, asked: dict[str, int]) -> None:
    assert (await api.client.get(PATH, params=asked)).status_code == 422
