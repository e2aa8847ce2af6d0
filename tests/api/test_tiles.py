"""The address of the map's tiles: what is taken, and that the page may fetch from there and from nowhere else."""

from __future__ import annotations

import httpx2
import pytest
from pydantic import SecretStr, ValidationError

from services.api.app import create_app
from services.api.middleware import HEADERS
from services.api.settings import ApiSettings
from services.api.tiles import is_archive, is_vector, origin
from services.scorer.recomputing import Recomputer

NOWHERE = SecretStr("postgresql+asyncpg://nobody@127.0.0.1:1/none")


@pytest.mark.parametrize(
    ("url", "whose", "archive"),
    [
        ("", "", False),
        ("/tiles/{z}/{x}/{y}.png", "", False),
        ("https://tiles.example/{z}/{x}/{y}.png?key=a1", "https://tiles.example", False),
        ("http://10.0.0.7:8080/{z}/{y}/{x}", "http://10.0.0.7:8080", False),
        ("https://tiles.example/city.pmtiles", "https://tiles.example", True),
        ("/city.pmtiles", "", True),
        ("https://tiles.example/{z}/{x}/{y}.pbf", "https://tiles.example", False),
    ],
)
def test_what_is_taken(url: str, whose: str, archive: bool) -> None:
    settings = ApiSettings(database_url=NOWHERE, map_tiles=url)
    assert origin(settings.map_tiles) == whose
    assert not url or is_archive(url) is archive


@pytest.mark.parametrize(
    ("url", "vector"),
    [
        ("/{z}/{x}/{y}.pbf", True),
        ("https://tiles.example/{z}/{x}/{y}.mvt?key=1", True),
        ("/{z}/{x}/{y}.png", False),
        ("/{z}/{x}/{y}?as=.pbf", False),
        ("/city.pmtiles", False),
    ],
)
def test_what_holds_vectors(url: str, vector: bool) -> None:
    assert is_vector(url) is vector


@pytest.mark.parametrize(
    "url",
    [
        "https://tiles.example/tile.png",
        "ftp://tiles.example/{z}/{x}/{y}",
        "//tiles.example/{z}/{x}/{y}",
        "tiles/{z}/{x}/{y}",
        "https://user:secret@tiles.example/{z}/{x}/{y}",
        "https://tiles.example; script-src */{z}/{x}/{y}",
        "https://tiles.example/{z}/{x}/{y}; script-src *",
        "https://*/{z}/{x}/{y}",
        "https:///{z}/{x}/{y}",
    ],
)
def test_what_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="address of tiles"):
        ApiSettings(database_url=NOWHERE, map_tiles=url)


@pytest.mark.parametrize(
    ("url", "more"),
    [
        ("", ""),
        ("/tiles/{z}/{x}/{y}.png", ""),
        ("https://tiles.example/{z}/{x}/{y}.png", "; connect-src 'self' https://tiles.example"),
    ],
)
async def test_the_policy_allows_that_origin_alone(url: str, more: str) -> None:
    app = create_app(ApiSettings(database_url=NOWHERE, map_tiles=url), Recomputer)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://api") as client:
        policy = (await client.get("/no/such/path")).headers["content-security-policy"]
    assert policy == HEADERS["Content-Security-Policy"] + more
