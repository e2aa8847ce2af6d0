"""SDU's answers beside our figures: confirmed, corrected, overtaken by a later revision of ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from schemas.catalogue import Period
from schemas.official import AnsweredSnapshot, label_of
from services.api.answers import answered
from services.api.examples import CLOSED_SNAPSHOT
from services.cityscore.catalogue import load_catalogue
from services.export.deliveries import Maker
from services.export.receipts import Answer, take_in
from services.export.schedule import Exporter
from tests.api import samples
from tests.api.conftest import running
from tests.export.stored import CITY, DAY, KEY, LATER, store, value

SAID = datetime(2026, 11, 3, tzinfo=UTC)


def answer(kpi: str, number: float, status: str = "confirmed", at: datetime = SAID) -> Answer:
    return Answer.model_validate(
        {
            "city": CITY.code,
            "kpi": kpi,
            "period": Period.DAY,
            "name": DAY.name,
            "status": status,
            "value": number,
            "answered_at": at,
            "reference": "SDU-7",
        }
    )


@pytest.mark.parametrize(
    ("status", "theirs", "ours", "label"),
    [
        ("confirmed", 19.25, 19.25, "confirmed_by_sdu"),
        ("confirmed", 19.25, 19.25 * (1 + 1e-12), "confirmed_by_sdu"),
        ("confirmed", 19.25, 20.0, "operational_estimate"),  # ours has changed since
        ("confirmed", 19.25, None, "operational_estimate"),
        ("corrected", 18.0, 19.25, "corrected_by_sdu"),
    ],
)
def test_what_a_figure_may_be_called(status: str, theirs: float, ours: float | None, label: str) -> None:
    assert label_of(status, theirs, ours) == label


@pytest.mark.stack
async def test_answers_stand_beside_ours_everywhere(
    database: AsyncEngine, database_url: SecretStr, tmp_path: Path
) -> None:
    async with database.connect() as connection:
        await store(connection, value("2.1", 19.25), value("1.8", 90.0))
    await Exporter(database, Maker(load_catalogue(), tmp_path, KEY), timedelta(0)).run(LATER)
    async with database.begin() as connection:
        old = answer("1.8", 1.0, at=SAID - timedelta(days=1))
        await take_in(connection, [answer("2.1", 19.25), old, answer("1.8", 88.5, "corrected")])
    await samples.store(database, samples.snapshot())
    async with running(database_url, export_folder=tmp_path) as api:
        base = f"/api/v1/cities/{CITY.code}"

        async def get(path: str, **query: Any) -> Any:
            answer = await api.client.get(path, params=query)
            assert answer.status_code == 200, answer.text
            return answer.json()

        rows = {row["code"]: row for row in await get(f"{base}/kpis", lang="ru")}
        assert (rows["2.1"]["label"], rows["2.1"]["label_name"]) == ("operational_estimate", "оперативная оценка")
        assert rows["2.1"]["sdu"]["label_name"] == "подтверждено СДУ"
        assert rows["2.4"]["sdu"] is None
        one = (await get(f"{base}/kpis/1.8"))["sdu"]
        assert (one["status"], one["value"], one["ours"], one["difference"]) == ("corrected", 88.5, 90.0, -1.5)
        assert one["label_name"] == {"kk": "СДО түзеткен", "ru": "исправлено СДУ", "en": "corrected by SDU"}
        periods = (await get(f"{base}/kpis/1.8/periods"))["periods"]
        assert [period["sdu"]["label"] for period in periods] == ["corrected_by_sdu"]
        explained = await get(f"{base}/explain", lang="kk")
        assert (explained["label_name"], sorted(explained["answers"])) == ("жедел баға", ["1.8", "2.1"])
        (listed,) = (await get("/api/v1/exports"))["deliveries"]
        assert (listed["confirmed"], listed["corrected"]) == (1, 1)
        async with database.connect() as connection:
            await store(connection, value("2.1", 20.0, revision=2, at=LATER))
        overtaken = (await get(f"{base}/kpis/2.1"))["sdu"]
        assert (overtaken["label"], overtaken["revision"], overtaken["difference"]) == (
            "operational_estimate",
            2,
            -0.75,
        )


@pytest.mark.stack
async def test_a_closed_score_bears_the_answers_on_its_periods(database: AsyncEngine, database_url: SecretStr) -> None:
    closed = CLOSED_SNAPSHOT | {"city": CITY.code}
    row = {
        "city": CITY.code,
        "revision": 12,
        "computed_at": LATER,
        "catalogue_hash": "x",
        "lower": 0,
        "upper": 100,
        "coverage": 1,
        "snapshot": closed,
    }
    async with database.begin() as connection:
        await connection.execute(sa.insert(tables.cityscore_closed).values(row))
    async with running(database_url) as api:
        path = f"/api/v1/cities/{CITY.code}/cityscore?window=closed"
        before = await api.client.get(path)
        assert (before.json(), before.headers["etag"]) == (closed, '"closed-12"')
        name = closed["kpis"]["2.1"]["name"]
        async with database.connect() as connection:
            await store(connection, value("2.1", 14.2, name=name))
        async with database.begin() as connection:
            await take_in(connection, [answer("2.1", 14.2).model_copy(update={"name": name})])
        after = await api.client.get(path, headers={"If-None-Match": before.headers["etag"]})
        snapshot = AnsweredSnapshot.model_validate_json(after.content)
        assert (snapshot.label, snapshot.answers["2.1"].label) == ("confirmed_by_sdu", "confirmed_by_sdu")
        again = await api.client.get(path, headers={"If-None-Match": after.headers["etag"]})
        assert again.status_code == 304


def test_an_answer_on_another_period_changes_no_score() -> None:
    assert answered(CLOSED_SNAPSHOT, {}) is None
