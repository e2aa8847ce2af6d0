"""The residents' page as data: whole, labelled, and kept by caches."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.api.public import PublicScore
from tests.api.conftest import Api
from tests.api.samples import CITY, snapshot, store

pytestmark = pytest.mark.stack
PATH = f"/api/v1/cities/{CITY}/public"


async def test_it_says_what_the_score_says_in_the_catalogues_words(api: Api, database: AsyncEngine) -> None:
    stored = snapshot(7, k2_1=14.2)
    await store(database, stored)
    shown = PublicScore.model_validate_json((await api.client.get(PATH)).content)
    assert (shown.index, shown.lower, shown.upper) == (stored.index, stored.lower, stored.upper)
    assert (shown.revision, shown.rating, shown.coverage) == (7, stored.rating, stored.coverage)
    assert shown.label == "operational_estimate"
    rows = (await api.client.get(f"/api/v1/cities/{CITY}/kpis")).json()
    assert [kpi.code for kpi in shown.kpis] == [row["code"] for row in rows]
    waiting = next(kpi for kpi in shown.kpis if kpi.code == "2.1")
    row = next(row for row in rows if row["code"] == "2.1")
    assert (waiting.value, waiting.name.model_dump()) == (14.2, row["name"])
    assert {section.code: section.score for section in shown.sections} == {
        code: stored.sections[code].score if code in stored.sections else None
        for code in (section.code for section in shown.sections)
    }


async def test_a_city_without_a_score_has_a_page_without_figures(api: Api) -> None:
    shown = PublicScore.model_validate_json((await api.client.get("/api/v1/cities/almaty/public")).content)
    assert (shown.revision, shown.index) == (None, None)
    assert len(shown.kpis) >= 118
    assert all(kpi.value is None for kpi in shown.kpis)


async def test_caches_may_keep_it_and_who_has_it_gets_nothing(api: Api, database: AsyncEngine) -> None:
    await store(database, snapshot(7))
    first = await api.client.get(PATH)
    assert first.headers["cache-control"] == "public, max-age=30"
    assert "set-cookie" not in first.headers
    known = {"If-None-Match": first.headers["etag"]}
    again = await api.client.get(PATH, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == first.headers["cache-control"]
    await store(database, snapshot(8))
    assert (await api.client.get(PATH, headers=known)).status_code == 200


async def test_an_unknown_city_is_refused(api: Api) -> None:
    assert (await api.client.get("/api/v1/cities/atlantis/public")).status_code == 404
