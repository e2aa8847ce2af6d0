"""What is published counts only as far as it is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.shown import MARK, load_shown
from services.probe.errors import UnseenError
from services.probe.looking import Counts, count
from tests.probe.web import Answer, Site

NAME = {"kk": "Қ", "ru": "К", "en": "K"}
PAGE = Path(__file__).parents[2] / "services" / "api" / "static" / "index.html"


def told(value: Any) -> Answer:
    return Answer(json.dumps(value), kind="application/json")


def visualisation(code: str, page: str = "/") -> dict[str, Any]:
    return {"code": code, "page": page, "name": NAME}


def layer(code: str) -> dict[str, Any]:
    return {"code": code, "url": f"/layers/{code}/{{city}}.geojson", "name": NAME}


def feature(code: int | None, *, critical: bool = True, placed: bool = True) -> dict[str, Any]:
    place = {"type": "Point", "coordinates": [73.1, 49.8]} if placed else None
    return {"type": "Feature", "id": code, "geometry": place, "properties": {"critical": critical}}


async def counted(web: Site) -> Counts:
    return await count(web.url, "karaganda", 2.0, True)


async def test_a_type_counts_once_and_only_where_a_page_marks_it(web: Site) -> None:
    listed = [
        visualisation("table"),
        visualisation("map"),
        visualisation("map", "/wall"),
        visualisation("pie", "/gone"),
    ]
    web.answers["/api/v1/visualisations"] = told(listed)
    web.answers["/api/v1/layers"] = told([])
    web.answers["/"] = Answer('<table data-visualisation="table"></table><i data-visualisation="unlisted"></i>')
    web.answers["/wall"] = Answer('<div data-visualisation="map"></div>')
    assert await counted(web) == Counts(2, 0, 0)


async def test_a_layer_counts_when_it_answers_and_an_object_when_it_has_a_place(web: Site) -> None:
    web.answers["/api/v1/visualisations"] = told([])
    web.answers["/api/v1/layers"] = told([layer("water"), layer("heat"), layer("gone"), layer("odd"), layer("empty")])
    water = [feature(1), feature(2), feature(3, critical=False), feature(4, placed=False), feature(None), "x"]
    web.answers["/layers/water/karaganda.geojson"] = told({"type": "FeatureCollection", "features": water})
    web.answers["/layers/heat/karaganda.geojson"] = told({"type": "FeatureCollection", "features": [feature(2)]})
    web.answers["/layers/empty/karaganda.geojson"] = told({"type": "FeatureCollection", "features": []})
    web.answers["/layers/odd/karaganda.geojson"] = Answer("<html></html>")
    assert await counted(web) == Counts(0, 2, 2)


@pytest.mark.parametrize("answer", [Answer("", 500), Answer("<html>"), told([{"code": "Table"}]), told({})])
async def test_without_the_list_nothing_is_said(web: Site, answer: Answer) -> None:
    web.answers["/api/v1/visualisations"] = answer
    web.answers["/api/v1/layers"] = told([])
    with pytest.raises(UnseenError):
        await counted(web)


def test_our_page_marks_what_our_list_says_and_nothing_else() -> None:
    page = PAGE.read_text("utf-8")
    listed = load_shown().visualisations
    assert all(shown.page == "/" and MARK.format(code=shown.code) in page for shown in listed)
    assert page.count("data-visualisation=") == len(listed)
