"""The map and the schemes: what was observed, now and then, and of this city only."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.device import Device
from schemas.features import MapFeatures
from schemas.layers import load_layers
from schemas.tables import observation, parts
from services.ingest.geometry import put_features
from services.ingest.register import put
from services.ingest.vouching import Thing, put_objects
from simulators.cities import CITIES
from simulators.geography import KINDS, features
from tests.api.conftest import Api

pytestmark = pytest.mark.stack
NOW = datetime.now(UTC).replace(microsecond=0)
CITY = "karaganda"
OURS = {"city": CITY}
SMALL = ("district", "building", "car_park", "water_node", "water_edge")


def seen(kind: str, thing: str, channel: str, value: float, ago_min: float = 1, city: str = CITY) -> dict[str, Any]:
    time = NOW - timedelta(minutes=ago_min)
    bucket = time.replace(minute=time.minute // 10 * 10, second=0)
    key = {"city": city, "kind": kind, "object": thing, "channel": channel, "bucket": bucket, "partition": 0}
    return {**key, "time": time, "value": value, "count": 1}


OBSERVED = [
    seen("device", "environment/air-1", "dust", 31.4),
    seen("device", "environment/air-1", "dust", 99.0, 65),
    seen("device", "environment/air-1", "dust", 12.5, 26 * 60),
    seen("device", "environment/air-1", "dust", 500.0, city="almaty"),
    seen("car_park", "park-1", "occupancy", 87.5),
    seen("car_park", "park-2", "occupancy", 50.0, 200),
    seen("district", "kazybek-bi", "incidents", 1, 90),
    seen("district", "kazybek-bi", "incidents", 1, 30),
    seen("device", "water/s-1", "p", 140_000.0),
    seen("water_outage", "o-1", "kazybek-bi", 1, 40),
    seen("water_outage", "o-2", "whole", 1, 40),
    seen("water_outage", "o-2", "whole", 0, 20),
]


@pytest.fixture
async def city(api: Api, database: AsyncEngine) -> Api:
    """A city with geometry, an air sensor, a gauge on a pipe; a neighbour with a sensor of the same name."""
    for kind in SMALL:
        made = MapFeatures(type="FeatureCollection", features=features(1, CITIES[CITY], kind))
        await put_features(database, CITY, kind, made.features, "tests")
    air = {"system": "environment", "device": "air-1", "channels": "dust=pm2_5", "latitude": 49.8, "longitude": 73.1}
    gauge = {"system": "water", "device": "s-1", "channels": "p=pressure; q=flow", "attached_kind": "water_edge"}
    devices = [
        Device.model_validate({"city": CITY, **air}),
        Device.model_validate({"city": "almaty", **air}),
        Device.model_validate({"city": CITY, **gauge, "attached_to": "water-pump-1-pipe"}),
    ]
    await put(database, devices, "tests")
    place = {"latitude": 49.81, "longitude": 73.0}
    await put_objects(database, [Thing(city=CITY, kind="critical_object", object="dam", label="Dam", **place)], "tests")
    async with database.begin() as connection:
        await connection.execute(sa.insert(observation), OBSERVED)
    return api


async def drawn(api: Api, layer: str, **asked: Any) -> dict[str, dict[str, Any]]:
    answer = await api.client.get(f"/api/v1/layers/{layer}", params=OURS | asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/geo+json"
    return {feature["id"]: feature["properties"] for feature in answer.json()["features"]}


async def test_the_list_says_what_there_is(city: Api) -> None:
    listed = {layer["code"]: layer for layer in (await city.client.get("/api/v1/layers", params=OURS)).json()}
    assert set(listed) == set(load_layers().layers)
    assert len(listed) >= 10
    assert (listed["air"]["count"], listed["parking"]["count"], listed["noise"]["count"]) == (1, 6, 0)
    assert datetime.fromisoformat(listed["air"]["updated"]) == NOW - timedelta(minutes=1)
    spoken = (await city.client.get("/api/v1/layers?lang=kk")).json()[0]
    assert (spoken["name"], spoken["count"]) == ("Ауа сапасы", None)


async def test_a_layer_shows_the_newest_value_of_this_city_and_its_step(city: Api) -> None:
    assert (await drawn(city, "air"))["environment/air-1"] == {
        "name": "air-1",
        "district": None,
        "value": 31.4,
        "time": (NOW - timedelta(minutes=1)).isoformat(),
        "step": 0,
        "critical": False,
    }
    parks = await drawn(city, "parking")
    assert (parks["car_park/park-1"]["value"], parks["car_park/park-1"]["step"]) == (87.5, 2)
    assert parks["car_park/park-2"]["value"] is None, "older than two hours"
    assert (await drawn(city, "incidents"))["district/kazybek-bi"]["value"] == 2
    assert (await drawn(city, "water-network"))["water_edge/water-pump-1-pipe"]["value"] == 140
    assert (await drawn(city, "critical"))["critical_object/dam"]["critical"] is True


async def test_buildings_are_as_high_as_the_geometry_says(city: Api) -> None:
    shown = await drawn(city, "buildings")
    assert len(shown) > 100
    assert all(one["value"] == one["height_m"] > 3 for one in shown.values())
    assert {one["step"] for one in shown.values()} == {0, 1, 2}


async def test_districts_have_names_in_three_languages(city: Api) -> None:
    assert (await drawn(city, "districts"))["district/kazybek-bi"]["name"] == {
        "kk": "Қазыбек би ауданы",
        "ru": "район имени Казыбек би",
        "en": "Kazybek Bi District",
    }


async def test_the_time_slider(city: Api) -> None:
    then = (NOW - timedelta(minutes=50)).isoformat()
    assert (await drawn(city, "air", at=then))["environment/air-1"]["value"] == 99.0
    assert (await drawn(city, "incidents", at=then))["district/kazybek-bi"]["value"] == 1


async def test_a_box_and_an_etag(city: Api) -> None:
    assert await drawn(city, "air", bbox="73.0,49.7,73.2,49.9")
    assert await drawn(city, "air", bbox="10,10,11,11") == {}
    first = await city.client.get("/api/v1/layers/air", params=OURS)
    again = await city.client.get("/api/v1/layers/air", params=OURS, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_districts_by_a_kpi(city: Api, database: AsyncEngine) -> None:
    hour = NOW.replace(minute=0, second=0) - timedelta(hours=1)
    row = {"city": CITY, "kpi": "2.1", "district": "kazybek-bi", "bucket": hour, "partition": 0, "count": 2}
    async with database.begin() as connection:
        await connection.execute(sa.insert(parts["hour"]).values(row | {"numerator": 20_000, "denominator": 2}))
    shown = await drawn(city, "districts", kpi="2.1")
    ours = shown["district/kazybek-bi"]
    assert (ours["value"], ours["attainment"], ours["step"]) == (10, 1, 3)
    assert shown["district/alikhan-bokeikhan"]["value"] is None


async def test_only_kpis_with_figures_by_district_are_offered(city: Api, database: AsyncEngine) -> None:
    """2.1: nothing to compare with. 4.2: places named by most. 9.3: named when due, not when done. 2.4: counts."""
    day = NOW.replace(hour=0, minute=0, second=0) - timedelta(days=1)
    figures = {
        "2.1": {"kazybek-bi": (20_000, 2)},
        "4.2": {"kazybek-bi": (1, 2), "alikhan-bokeikhan": (0, 4), "": (0, 9)},
        "9.3": {"kazybek-bi": (0, 2), "alikhan-bokeikhan": (0, 4), "": (5, 0)},
        "2.4": {"kazybek-bi": (7, 0), "alikhan-bokeikhan": (9, 0)},
    }
    key = {"city": CITY, "bucket": day, "partition": 0, "count": 1}
    rows = [
        {**key, "kpi": kpi, "district": district, "numerator": above, "denominator": below}
        for kpi, districts in figures.items()
        for district, (above, below) in districts.items()
    ]
    async with database.begin() as connection:
        for tier in ("hour", "day"):
            await connection.execute(sa.insert(parts[tier]).values(rows))
    assert (await city.client.get("/api/v1/layers/districts/kpis", params=OURS)).json() == ["4.2"]
    answer = (await city.client.get("/api/v1/layers/districts", params=OURS)).json()
    assert answer["kpi"] == "4.2", "who asks for none gets one that there is"
    assert {one["value"] for one in (await drawn(city, "districts", kpi="9.3")).values()} == {None}
    counted = (await drawn(city, "districts", kpi="2.4"))["district/kazybek-bi"]
    assert (counted["value"], counted["attainment"]) == (7, None), "a district need not do what is asked of the city"


async def test_the_telemetry_of_an_object(city: Api) -> None:
    answer = await city.client.get("/api/v1/layers/air/objects/environment/air-1", params=OURS | {"lang": "en"})
    [channel] = answer.json()["channels"]
    assert (channel["channel"], channel["quantity"], channel["unit"]) == ("dust", "pm2_5", "ug/m3")
    assert [value for _, value in channel["points"]] == [99.0, 31.4]
    park = (await city.client.get("/api/v1/layers/parking/objects/car_park/park-1", params=OURS)).json()
    assert [(one["channel"], len(one["points"])) for one in park["channels"]] == [("occupancy", 1)]


async def test_a_scheme_shows_flows_limits_and_outages(city: Api) -> None:
    scheme = (await city.client.get("/api/v1/schemes/water", params=OURS | {"lang": "ru"})).json()
    assert len(scheme["edges"]) == len(scheme["nodes"]) - 1
    assert {edge["to_node"] for edge in scheme["edges"]} < {node["id"] for node in scheme["nodes"]}
    pipe = next(edge for edge in scheme["edges"] if edge["id"] == "water-pump-1-pipe")
    assert [(one["quantity"], one["value"]) for one in pipe["values"]] == [("pressure", 140_000), ("flow", None)]
    alarms = {(alarm["kind"], alarm["object"], alarm["district"]) for alarm in scheme["alarms"]}
    silent, low = ("silent", "water-pump-1-pipe", None), ("low", "water-pump-1-pipe", None)
    assert alarms == {("outage", None, "kazybek-bi"), low, silent}
    assert {"Ниже предела: Давление", "Подача прервана"} <= {alarm["text"] for alarm in scheme["alarms"]}
    assert (await city.client.get("/api/v1/schemes/heat", params=OURS)).json()["type"].endswith("no_scheme")


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("layers/gold?city=karaganda", "unknown_layer"),
        ("layers/air?city=atlantis", "unknown_city"),
        ("layers/air?city=karaganda' OR '1'='1", "unknown_city"),
        ("layers?city=*", "unknown_city"),
        ("layers/air", "invalid_input"),
        ("layers/air?city=karaganda&bbox=1,2,3", "bbox"),
        ("layers/air?city=karaganda&bbox=nan,2,3,4", "bbox"),
        ("layers/air?city=karaganda&at=2020-01-01T00:00:00Z", "map_time"),
        ("layers/air/objects/environment/air-2?city=karaganda", "unknown_object"),
        ("layers/air/objects/environment/air-1?city=karaganda&from=2020-01-01T00:00:00Z", "map_time"),
        ("layers/districts?city=karaganda&kpi=99.9", "unknown_kpi"),
        ("schemes/water?city=atlantis", "unknown_city"),
        ("schemes/gas?city=karaganda", "invalid_input"),
    ],
)
async def test_what_is_not_there_is_said(city: Api, path: str, problem: str) -> None:
    answer = await city.client.get(f"/api/v1/{path}", headers={"Accept-Language": "kk"})
    assert answer.json()["type"] == f"urn:ahual:problem:{problem}"


async def test_a_neighbour_sees_its_own(city: Api) -> None:
    """The crossing: the same sensor name in another city is another sensor, and geometry stays where it belongs."""
    theirs = (await city.client.get("/api/v1/layers/air?city=almaty")).json()["features"]
    assert [(one["id"], one["properties"]["value"]) for one in theirs] == [("environment/air-1", 500.0)]
    for layer in set(load_layers().layers) - {"air"}:
        assert (await city.client.get(f"/api/v1/layers/{layer}?city=almaty")).json()["features"] == [], layer
    assert (await city.client.get("/api/v1/schemes/water?city=almaty")).status_code == 404
    gone = await city.client.get("/api/v1/layers/parking/objects/car_park/park-1?city=almaty")
    assert gone.status_code == 404


def test_every_kind_of_every_city_is_geometry() -> None:
    for made in CITIES.values():
        for kind in KINDS:
            found = MapFeatures.model_validate_json(_json(features(1, made, kind)))
            assert len({feature.id for feature in found.features}) == len(found.features) > 0, (made.code, kind)
        assert features(1, made, "road") == features(1, made, "road") != features(2, made, "road")


def _json(found: list[dict[str, Any]]) -> str:
    return json.dumps({"type": "FeatureCollection", "features": found})
