"""Pulling deliveries over HTTP: every one once, every byte as stored, in ranges too."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.delivery import FILES, PARQUET
from services.cityscore.catalogue import load_catalogue
from services.export import folder
from services.export.deliveries import Maker
from services.export.schedule import Exporter
from tests.api.conftest import Api, running
from tests.export.stored import CITY, DAY, KEY, LATER, store, value

pytestmark = pytest.mark.stack
HOUR = timedelta(hours=1)


async def test_a_reader_who_goes_on_gets_every_delivery_once_and_every_byte(
    database: AsyncEngine, database_url: SecretStr, tmp_path: Path
) -> None:
    exporter = Exporter(database, Maker(load_catalogue(), tmp_path, KEY), HOUR)
    async with database.connect() as connection:
        await store(connection, value("2.1", 19.25))
        await exporter.run(LATER)
        await store(connection, value("2.1", 20.0, revision=2, at=LATER))
        await exporter.run(LATER + HOUR)
    async with running(database_url, export_folder=tmp_path) as api:
        first = (await api.client.get("/api/v1/exports", params={"limit": 1})).json()
        rest = (await api.client.get("/api/v1/exports", params={"limit": 1, "after": first["next"]})).json()
        assert [d["revision"] for d in first["deliveries"] + rest["deliveries"]] == [1, 2]
        assert rest["next"] is None
        assert rest["deliveries"][0]["receipt"] is None
        place = folder.place(tmp_path, CITY.code, DAY.period, DAY.name, 2)
        for file in FILES["kpis"]:
            answer = await api.client.get(f"{rest['deliveries'][0]['folder']}/{file}")
            assert answer.content == (place / file).read_bytes()
        await _resumed(api, f"{rest['deliveries'][0]['folder']}/{PARQUET}", (place / PARQUET).read_bytes())
        await _refused(api, first["deliveries"][0]["folder"])


async def _resumed(api: Api, url: str, whole: bytes) -> None:
    half = len(whole) // 2
    begun = await api.client.get(url, headers={"Range": f"bytes=0-{half - 1}"})
    headers = {"Range": f"bytes={half}-", "If-Range": begun.headers["etag"]}
    ended = await api.client.get(url, headers=headers)
    assert (begun.status_code, ended.status_code) == (206, 206)
    assert sha256(begun.content + ended.content).digest() == sha256(whole).digest()


async def _refused(api: Api, place: str) -> None:
    for wrong in ("secret", "..%2F..%2Fmanifest.json", ".unfinished-x"):
        answer = await api.client.get(f"{place}/{wrong}")
        assert answer.status_code == 404
    assert (await api.client.get(place[:-1] + "7" + "/" + PARQUET)).status_code == 404
    answer = await api.client.get("/api/v1/exports", params={"after": "nonsense"})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:ahual:problem:delivery_cursor")
