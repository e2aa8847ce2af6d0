"""The shape of a simulated city: districts, roads, buildings, car parks, cameras, sites, water and heat networks.

Nothing of it is taken from a real map: districts are sectors around the centre, roads rays and rings, networks trees.
Deterministic by seed. `python -m simulators.geography CITY KIND` prints a kind as GeoJSON for `ahual map import`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from math import cos, pi, radians, sin, sqrt
from random import Random
from typing import Any, Final, NamedTuple

from schemas.observed import WHOLE
from simulators.cities import CITIES, City
from simulators.systems import fire_safety, parking, traffic
from simulators.systems.video.places import cameras

Feature = dict[str, Any]
Point = tuple[float, float]
RADIUS: Final = 0.07
"""Of a city of half a million, in degrees of latitude."""
ROADS: Final = 400
"""As many as the road monitoring names."""
CORNERS: Final = 12
"""Of a district's outer edge."""
WORDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "district": ("Аудан", "Район", "District"),
    "road": ("Жол", "Дорога", "Road"),
    "route": ("Бағыт", "Маршрут", "Route"),
    "car_park": ("Тұрақ", "Парковка", "Car park"),
    "camera": ("Камера", "Камера", "Camera"),
    "vulnerable_site": ("Осал нысан", "Уязвимый объект", "Vulnerable site"),
    "water_source": ("Су алу торабы", "Водозабор", "Intake"),
    "water_pump": ("Сорғы станциясы", "Насосная станция", "Pumping station"),
    "water_tank": ("Резервуар", "Резервуар", "Reservoir"),
    "water_consumer": ("Тұрғын алап", "Жилой массив", "Neighbourhood"),
    "heat_source": ("ЖЭО", "ТЭЦ", "Heat plant"),
    "heat_pump": ("Сорғы станциясы", "Насосная станция", "Pumping station"),
    "heat_tank": ("Жылу камерасы", "Тепловая камера", "Heat chamber"),
    "heat_consumer": ("Жылу пункті", "Тепловой пункт", "Substation"),
    "pipe": ("Құбыр", "Трубопровод", "Pipe"),
    "building": ("Ғимарат", "Здание", "Building"),
}
DISTRICTS: Final[Mapping[str, tuple[str, str, str]]] = {
    "kazybek-bi": ("Қазыбек би ауданы", "район имени Казыбек би", "Kazybek Bi District"),
    "alikhan-bokeikhan": ("Әлихан Бөкейхан ауданы", "район Әлихан Бөкейхан", "Alikhan Bokeikhan District"),
    "alatau": ("Алатау ауданы", "Алатауский район", "Alatau District"),
    "almaly": ("Алмалы ауданы", "Алмалинский район", "Almaly District"),
    "auezov": ("Әуезов ауданы", "Ауэзовский район", "Auezov District"),
    "bostandyk": ("Бостандық ауданы", "Бостандыкский район", "Bostandyk District"),
    "zhetysu": ("Жетісу ауданы", "Жетысуский район", "Zhetysu District"),
    "medeu": ("Медеу ауданы", "Медеуский район", "Medeu District"),
    "nauryzbay": ("Наурызбай ауданы", "Наурызбайский район", "Nauryzbay District"),
    "turksib": ("Түрксіб ауданы", "Турксибский район", "Turksib District"),
}
"""What districts are called."""
BUILDINGS: Final = 600
"""Of a city of half a million that the map shows: the large ones."""
DEGREE_M: Final = 111_320
"""Metres of a degree of latitude."""
KINDS: Final = (
    *("district", "road", "route", "building", "car_park", "camera", "vulnerable_site"),
    *("water_node", "water_edge", "heat_node", "heat_edge"),
)
LIMITS: Final[Mapping[str, dict[str, dict[str, float]]]] = {
    "water": {"pressure": {"least": 150_000, "most": 650_000}},
    "heat": {"supply_temperature": {"least": 50, "most": 130}, "pressure": {"least": 200_000, "most": 1_200_000}},
}


class Node(NamedTuple):
    """A node of a network; `above` feeds it."""

    id: str
    role: str
    place: Point
    above: str | None
    district: str | None


def features(seed: int, city: City, kind: str) -> list[Feature]:
    """All features of a kind, as `schemas/features.py` describes them."""
    return list(_MADE[kind](seed, city))


def network(seed: int, city: City, name: str) -> list[Node]:
    """A tree: the source, two trunk nodes per district, consumers on each."""
    rng = Random(f"{seed}/{city.code}/{name}")
    radius = _radius(city)
    turn = 0.3 if name == "heat" else 0.9
    nodes = [Node(f"{name}-source", "source", _at(city, 1.15 * radius, turn * pi), None, None)]
    nodes.append(Node(f"{name}-pump-1", "pump", _at(city, 0.7 * radius, turn * pi), nodes[0].id, None))
    for number, district in enumerate(city.districts or (None,)):
        middle = 2 * pi * (number + 0.5) / max(1, len(city.districts))
        trunk = Node(f"{name}-trunk-{number + 1}", "tank", _at(city, 0.35 * radius, middle), nodes[1].id, district)
        nodes.append(trunk)
        for one in range(6):
            angle = middle + (one - 2.5) * 0.9 * pi / 3 / max(1, len(city.districts))
            place = _at(city, radius * rng.uniform(0.5, 0.9), angle)
            nodes.append(Node(f"{name}-{number + 1}-{one + 1}", "consumer", place, trunk.id, district))
    return nodes


def _radius(city: City) -> float:
    return RADIUS * max(0.2, sqrt(city.residents / 500_000))


def _at(city: City, distance: float, angle: float) -> Point:
    """So far from the centre (degrees of latitude) in this direction, as longitude and latitude."""
    east = distance * cos(angle) / cos(radians(city.latitude))
    return round(city.longitude + east, 5), round(city.latitude + distance * sin(angle), 5)


def _feature(name: str, geometry: str, coordinates: Any, label: tuple[str, str, str], **said: Any) -> Feature:
    texts = dict(zip(("kk", "ru", "en"), label, strict=True))
    stated = {key: value for key, value in said.items() if value not in (None, {}, False)}
    place = {"type": geometry, "coordinates": coordinates}
    return {"type": "Feature", "id": name, "geometry": place, "properties": {"name": texts, **stated}}


def _label(word: str, number: object) -> tuple[str, str, str]:
    kk, ru, en = WORDS[word]
    return f"{kk} {number}", f"{ru} {number}", f"{en} {number}"


def _districts(seed: int, city: City) -> Iterator[Feature]:
    rng, radius = Random(f"{seed}/{city.code}/districts"), _radius(city)
    edge = [radius * rng.uniform(0.9, 1.15) for _ in range(CORNERS * max(1, len(city.districts)))]
    if not city.districts:
        ring = [_at(city, distance, 2 * pi * i / len(edge)) for i, distance in enumerate(edge)]
        names = (city.names["kk"], city.names["ru"], city.names["en"])
        yield _feature(WHOLE, "Polygon", [[*ring, ring[0]]], names)
        return
    for number, code in enumerate(city.districts):
        outer = range(number * CORNERS, (number + 1) * CORNERS + 1)
        ring = [_at(city, edge[i % len(edge)], 2 * pi * i / len(edge)) for i in outer]
        centre = (round(city.longitude, 5), round(city.latitude, 5))
        yield _feature(code, "Polygon", [[centre, *ring, centre]], DISTRICTS[code], district=code)


def _roads(seed: int, city: City) -> Iterator[Feature]:
    """Rays in the first half, arcs in the second, in pieces: as many as the monitoring knows."""
    rng, radius = Random(f"{seed}/{city.code}/roads"), _radius(city)
    for number in range(1, ROADS):
        angle, inner = rng.uniform(0, 2 * pi), rng.uniform(0.1, 0.85) * radius
        if number % 2:
            line = [_at(city, inner + step * 0.05 * radius, angle) for step in range(4)]
        else:
            line = [_at(city, inner, angle + step * 0.06) for step in range(5)]
        yield _feature(f"road-{number}", "LineString", line, _label("road", number), district=_district(city, angle))


def _routes(seed: int, city: City) -> Iterator[Feature]:
    for number in range(1, traffic.count(city) + 1):
        angle, radius = Random(f"{seed}/{city.code}/route/{number}").uniform(0, pi), _radius(city)
        line = [_at(city, (step / 10 - 0.5) * 1.8 * radius, angle + step * 0.02) for step in range(11)]
        yield _feature(f"route-{number}", "LineString", line, _label("route", number))


def _buildings(seed: int, city: City) -> Iterator[Feature]:
    """Oblong houses along the rays, higher and closer towards the centre; height_m in metres."""
    rng, radius = Random(f"{seed}/{city.code}/buildings"), _radius(city)
    for number in range(1, max(40, round(BUILDINGS * city.residents / 500_000)) + 1):
        out, angle = rng.uniform(0.2, 0.95) ** 2, rng.uniform(0, 2 * pi)
        length, width = rng.uniform(45, 110) / DEGREE_M, rng.uniform(18, 32) / DEGREE_M
        storeys = rng.randint(2, 5) if rng.random() < out + 0.2 else rng.randint(5, 9 + round(16 * (1 - out)))
        near = max(out * radius, 2 * length)
        ring = [_at(city, near + along, angle + across) for along, across in _oblong(length, width / near)]
        said = {"district": _district(city, angle), "height_m": round(3.1 * storeys, 1)}
        yield _feature(f"building-{number}", "Polygon", [ring], _label("building", number), **said)


def _oblong(length: float, turn: float) -> list[tuple[float, float]]:
    """Corners as steps outwards (degrees of latitude) and around (radians)."""
    return [(0, 0), (length, 0), (length, turn), (0, turn), (0, 0)]


def _points(
    word: str, ids: Callable[[City], list[str]], *, critical: bool = False
) -> Callable[[int, City], Iterator[Feature]]:
    def made(seed: int, city: City) -> Iterator[Feature]:
        for number, name in enumerate(ids(city), 1):
            rng = Random(f"{seed}/{city.code}/{word}/{name}")
            angle = rng.uniform(0, 2 * pi)
            place = _at(city, _radius(city) * rng.uniform(0.05, 0.85), angle)
            district = _district(city, angle)
            yield _feature(name, "Point", place, _label(word, number), district=district, critical=critical)

    return made


def _district(city: City, angle: float) -> str | None:
    """Which sector a direction lies in."""
    if not city.districts:
        return None
    return city.districts[int((angle % (2 * pi)) / (2 * pi) * len(city.districts))]


def _nodes(name: str) -> Callable[[int, City], Iterator[Feature]]:
    def made(seed: int, city: City) -> Iterator[Feature]:
        for number, node in enumerate(network(seed, city, name), 1):
            label = _label(f"{name}_{node.role}", number)
            said = {"district": node.district, "critical": node.role != "consumer", "role": node.role}
            yield _feature(node.id, "Point", node.place, label, **said, limits=LIMITS[name])

    return made


def _edges(name: str) -> Callable[[int, City], Iterator[Feature]]:
    def made(seed: int, city: City) -> Iterator[Feature]:
        nodes = {node.id: node for node in network(seed, city, name)}
        for number, node in enumerate((one for one in nodes.values() if one.above), 1):
            above = nodes[node.above or ""]
            said = {"district": node.district, "from_node": above.id, "to_node": node.id, "limits": LIMITS[name]}
            size = {"pump": 900.0, "tank": 600.0, "consumer": 250.0}[node.role]
            line = [above.place, node.place]
            yield _feature(edge_of(node), "LineString", line, _label("pipe", number), **said, diameter_mm=size)

    return made


def edge_of(node: Node) -> str:
    """The pipe that ends at a node."""
    return f"{node.id}-pipe"


_MADE: Final[Mapping[str, Callable[[int, City], Iterator[Feature]]]] = {
    "district": _districts,
    "road": _roads,
    "route": _routes,
    "building": _buildings,
    "car_park": _points("car_park", lambda city: [f"park-{number}" for number in parking.car_parks(city)]),
    "camera": _points("camera", lambda city: list(cameras(city))),
    "vulnerable_site": _points("vulnerable_site", fire_safety.sites, critical=True),
    "water_node": _nodes("water"),
    "water_edge": _edges("water"),
    "heat_node": _nodes("heat"),
    "heat_edge": _edges("heat"),
}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("city", choices=sorted(CITIES))
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    made = {"type": "FeatureCollection", "features": features(asked.seed, CITIES[asked.city], asked.kind)}
    json.dump(made, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main()
