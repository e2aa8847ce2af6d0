"""Closed values in the database, and what makes a revision."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.catalogue import Period
from schemas.snapshot import Freshness
from services.cityscore.attainment import Value
from services.scorer import closed
from services.scorer.closed import ClosedValue, Key, Result, Span, difference
from services.scorer.kinds import Sums
from services.scorer.periods import containing

NOW = datetime(2026, 12, 2, tzinfo=UTC)
MONTH = containing(Period.MONTH, datetime(2026, 11, 15, tzinfo=UTC), "Asia/Almaty")


def closed_value(revision: int, value: Value | None, sums: Sums | None = None) -> ClosedValue:
    return ClosedValue(
        kpi="1.4",
        period=MONTH,
        revision=revision,
        result=Result(value, sums, "fresh"),
        attainment=0.5,
        target={"op": "each_at_most"},
        weight=9,
        newest=NOW,
        coverage=0.75,
        catalogue_hash="hash",
        computed_at=NOW,
        difference=None,
    )


@pytest.mark.parametrize(
    ("value", "sums", "freshness", "same"),
    [
        (1.0, Sums(1, 1, 1), "fresh", True),
        (1.0, Sums(1, 1, 1), "stale", True),
        (2.0, Sums(1, 1, 1), "fresh", False),
        (1.0, Sums(2, 2, 2), "fresh", False),
        (None, Sums(1, 1, 1), "missing", False),
    ],
)
def test_what_is_the_same(value: float | None, sums: Sums, freshness: Freshness, same: bool) -> None:
    assert Result(1.0, Sums(1, 1, 1), "fresh").says_the_same_as(Result(value, sums, freshness)) is same


def test_why_there_is_no_value_is_worth_a_revision() -> None:
    missing = Result(None, Sums(), "missing")
    assert missing.says_the_same_as(missing)
    assert not missing.says_the_same_as(Result(None, Sums(), "not_applicable"))


@pytest.mark.parametrize(
    ("value", "before", "expected"),
    [(3.0, 1.0, 2.0), (3.0, None, None), (None, 3.0, None), ({"safety": 1.0}, {"safety": 2.0}, None)],
)
def test_the_difference_is_of_two_numbers(value: Value | None, before: Value | None, expected: float | None) -> None:
    assert difference(value, before) == expected


@pytest.mark.stack
async def test_values_come_back_as_they_were_stored(database: AsyncEngine) -> None:
    stored = [closed_value(1, 4.5, Sums(9, 2, 2)), closed_value(2, {"safety": 1.5}), closed_value(3, None)]
    key = stored[0].key
    async with database.begin() as connection:
        for value in stored:
            await closed.store(connection, "karaganda", [value])
            assert await closed.newest(connection, "karaganda", [key, Key("9.9", *key[1:])]) == {key: value}
        kinds = {"1.4": Period.MONTH, "9.9": Period.DAY}
        assert await closed.spans(connection, "karaganda", kinds) == {"1.4": Span(key.end, key.end)}
        assert await closed.spans(connection, "almaty", kinds) == {}
        day = timedelta(days=1)
        assert await closed.ending(connection, "karaganda", kinds, key.end - day, key.end) == [stored[-1]]
        assert await closed.ending(connection, "karaganda", kinds, key.end, key.end + day) == []
