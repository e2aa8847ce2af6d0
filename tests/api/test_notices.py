"""The list of what people were told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from tests.api.conftest import Api

pytestmark = pytest.mark.stack
AT = datetime(2027, 3, 9, 9, tzinfo=UTC)
NAME = {"kk": "Алматы", "ru": "Алматы", "en": "Almaty"}


def told(subject: str, what: str, after: int, city: str = "almaty", **more: object) -> dict[str, object]:
    """A notice of the rule on silent sources, so many minutes after the first."""
    at = AT + timedelta(minutes=after)
    facts = {"city": NAME, "system": subject, "all": 4, "silent": 3, "partition": subject, "count": 2}
    row = {"rule": "rule", "kind": "silent", "city": city, "subject": subject, "what": what, "way": "duty", "at": at}
    return {**row, "due_at": at, "facts": facts, "attempts": 0, "sent_at": None, "failure": None} | more


async def test_notices_newest_first_in_words_with_what_still_stands(api: Api, database: AsyncEngine) -> None:
    rows = [
        told("heat", "raised", 0, sent_at=AT),
        told("heat", "cleared", 5, sent_at=AT + timedelta(minutes=5)),
        told("heat", "raised", 9, attempts=2, failure="no answer"),
        told("water", "raised", 12, city="karaganda"),
        told("events/3", "raised", 13, city="", kind="ledger"),
    ]
    state = {"rule": "rule", "city": "almaty", "subject": "heat", "raised_at": AT + timedelta(minutes=9)}
    async with database.begin() as connection:
        await connection.execute(sa.insert(tables.notice), rows)
        await connection.execute(sa.insert(tables.notice_state), [state, {**state, "city": "", "subject": "events/3"}])
    found = (await api.client.get("/api/v1/cities/almaty/notices", params={"lang": "ru"})).json()
    assert [(one["subject"], one["what"], one["stands"]) for one in found] == [
        ("events/3", "raised", True),
        ("heat", "raised", True),
        ("heat", "cleared", False),
        ("heat", "raised", False),
    ]
    assert found[0]["text"] == "Внимание: events/3: неучтённых записей: 2"
    assert found[1]["text"] == "Внимание: Алматы, Теплоснабжение: молчит источников 3 из 4"
    assert (found[1]["sent_at"], found[1]["attempts"], found[1]["failure"]) == (None, 2, "no answer")
    standing = (await api.client.get("/api/v1/cities/almaty/notices?standing=true")).json()
    assert [one["id"] for one in standing] == [found[0]["id"], found[1]["id"]]
    assert standing[1]["text"]["kk"] == "Назар аударыңыз: Алматы, Жылумен жабдықтау: 4 дереккөздің 3 үнсіз"
    older = (await api.client.get("/api/v1/cities/almaty/notices", params={"before": found[1]["id"]})).json()
    assert [one["id"] for one in older] == [one["id"] for one in found[2:]]
    assert (await api.client.get("/api/v1/cities/nowhere/notices")).status_code == 404
