"""The built dashboard, served: kept by browsers for good, compressed, and what it says of itself believed or not."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path

import cramjam
import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from services.api.dashboard import Dashboard
from services.api.encodings import accepted
from tests.api.conftest import Api, running

SCRIPT = "const kinds = 'data-visualisation=\"table\"';" * 50
KIND = {"code": "table", "page": "/assets/index-a1b2.js", "name": {"kk": "Кесте", "ru": "Таблица", "en": "Table"}}


@pytest.fixture
async def served(database: AsyncEngine, database_url: SecretStr, tmp_path: Path) -> AsyncIterator[Api]:
    (tmp_path / "dist" / "assets").mkdir(parents=True)
    (tmp_path / "dist" / "index.html").write_text("<html><body>built</body></html>", "utf-8")
    (tmp_path / "dist" / "assets" / "index-a1b2.js").write_text(SCRIPT, "utf-8")
    (tmp_path / "dist" / "visualisations.json").write_text(json.dumps([KIND]), "utf-8")
    (tmp_path / "secret.txt").write_text("beside the dashboard", "utf-8")
    async with running(database_url, dashboard_folder=tmp_path / "dist") as api:
        yield api


async def test_what_is_built_is_served(served: Api) -> None:
    page = await served.client.get("/")
    assert (page.text, page.headers["cache-control"]) == ("<html><body>built</body></html>", "no-cache")
    again = await served.client.get("/", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    script = await served.client.get("/assets/index-a1b2.js")
    assert script.text == SCRIPT
    assert "immutable" in script.headers["cache-control"]
    assert script.headers["content-type"].startswith("text/javascript")
    assert (await served.client.get("/plain")).text.startswith("<!doctype html>")
    for path in ("/assets/gone.js", "/gone.txt", "/..%2Fsecret.txt", "/assets/..%2F..%2Fsecret.txt"):
        assert (await served.client.get(path)).status_code == 404, path
    assert (await served.client.get("/api/v1/visualisations")).json() == [KIND]


@pytest.mark.parametrize(("header", "undo"), [("gzip", gzip.decompress), ("gzip, br", cramjam.brotli.decompress)])
async def test_files_come_compressed(served: Api, header: str, undo: object) -> None:
    async with served.client.stream("GET", "/assets/index-a1b2.js", headers={"Accept-Encoding": header}) as answer:
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert bytes(undo(raw)).decode() == SCRIPT  # type: ignore[operator]
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("header", "encoding"),
    [("", ""), ("gzip", "gzip"), ("br;q=0, gzip;q=0.5", "gzip"), ("GZIP, BR", "br"), ("gzip;q=x", ""), ("zstd", "")],
)
def test_which_compression_a_reader_takes(header: str, encoding: str) -> None:
    assert accepted(header) == encoding


def test_a_manifest_that_is_none_declares_nothing(tmp_path: Path) -> None:
    (tmp_path / "index.html").touch()
    (tmp_path / "visualisations.json").write_text('["table"]', "utf-8")
    assert Dashboard(tmp_path).visualisations() == []
