"""Vector tiles of the simulated city, made here: MVT 2.1 in a PMTiles 3 archive or as single files, served with ranges.

Only as much of both formats as that takes: no clipping, so the whole city must lie within two tiles of each.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from math import asinh, pi, radians, tan
from struct import pack
from threading import Thread
from typing import Any, Final, NamedTuple
from zlib import compress, crc32

from simulators.cities import City
from simulators.geography import features

EXTENT: Final = 4096
ZOOMS: Final = range(8, 12)
MVT: Final = 1
PNG: Final = 2
_POINT, _LINE, _AREA = 1, 2, 3
Ring = list[tuple[float, float]]
Address = tuple[int, int, int]


class Drawn(NamedTuple):
    """A feature of a tile: degrees, and properties that are text."""

    kind: int
    rings: list[Ring]
    properties: Mapping[str, str]


def protomaps(seed: int, city: City) -> dict[str, list[Drawn]]:
    """The simulated city by the names of Protomaps' basemap; land, a lake, a river and a park besides."""
    x, y, names = city.longitude, city.latitude, city.names
    districts = [one for one in features(seed, city, "district") if one["geometry"]["type"] == "Polygon"]
    return {
        "earth": [Drawn(_AREA, [_box(x - 0.17, y - 0.11, x + 0.17, y + 0.11)], {"kind": "earth"})],
        "water": [
            Drawn(_AREA, [_box(x + 0.05, y - 0.06, x + 0.12, y - 0.02)], {"kind": "lake"}),
            Drawn(_LINE, [[(x - 0.17, y + 0.02), (x, y + 0.03), (x + 0.17, y - 0.1)]], {"kind": "river"}),
        ],
        "landuse": [Drawn(_AREA, [_box(x - 0.1, y + 0.02, x - 0.04, y + 0.06)], {"kind": "park"})],
        "roads": [
            Drawn(_LINE, [one["geometry"]["coordinates"]], {"kind": "minor_road" if number % 5 else "major_road"})
            for number, one in enumerate(features(seed, city, "road"))
        ],
        "boundaries": [Drawn(_LINE, [one["geometry"]["coordinates"][0]], {"kind": "county"}) for one in districts],
        "places": [Drawn(_POINT, [[(x, y)]], {"kind": "locality", "name": names["ru"], "name:kk": names["kk"]})],
    }


def openmaptiles(layers: Mapping[str, list[Drawn]]) -> dict[str, list[Drawn]]:
    """The same by the names of OpenMapTiles, which has no land."""
    names = {"roads": "transportation", "boundaries": "boundary", "places": "place"}
    classes = {"minor_road": "minor", "major_road": "primary", "locality": "city"}

    def told(one: Drawn) -> Drawn:
        more = {name: value for name, value in one.properties.items() if name != "kind"}
        kind = one.properties["kind"]
        return one._replace(properties={**more, "class": classes.get(kind, kind)})

    return {names.get(name, name): [told(one) for one in found] for name, found in layers.items() if name != "earth"}


def tiles(layers: Mapping[str, list[Drawn]]) -> dict[Address, bytes]:
    """Every tile that something touches, by zoom, column and row."""
    points = [point for found in layers.values() for one in found for ring in one.rings for point in ring]
    made: dict[Address, bytes] = {}
    for zoom in ZOOMS:
        at = [_tile(zoom, *point) for point in points]
        columns = range(int(min(x for x, _ in at)), int(max(x for x, _ in at)) + 1)
        rows = range(int(min(y for _, y in at)), int(max(y for _, y in at)) + 1)
        for column, row in product(columns, rows):
            content = b"".join(_layer(name, found, zoom, column, row) for name, found in layers.items())
            made[zoom, column, row] = gzip.compress(content)
    return made


def picture(red: int, green: int, blue: int) -> bytes:
    """A PNG of 256 × 256 pixels of one colour."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return pack(">I", len(content)) + name + content + pack(">I", crc32(name + content))

    rows = (b"\0" + bytes([red, green, blue]) * 256) * 256
    head = pack(">IIBBBBB", 256, 256, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", compress(rows)) + chunk(b"IEND", b"")


def archive(made: Mapping[Address, bytes], names: Iterable[str], kind: int = MVT) -> bytes:
    """A PMTiles archive with one directory."""
    ordered = sorted((_hilbert(*address), content) for address, content in made.items())
    entries, offset = [], 0
    for number, content in ordered:
        entries.append((number, offset, len(content)))
        offset += len(content)
    directory = gzip.compress(_directory(entries))
    said = gzip.compress(json.dumps({"vector_layers": [{"id": name, "fields": {}} for name in names]}).encode())
    body = b"".join(content for _, content in ordered)
    places, begin = [], 127
    for length in (len(directory), len(said), 0, len(body)):
        places.append((begin, length))
        begin += length
    head = b"PMTiles\x03" + b"".join(pack("<QQ", *one) for one in places) + pack("<QQQ", *[len(ordered)] * 3)
    bounds = pack("<iiii", -1800000000, -850000000, 1800000000, 850000000)
    head += bytes([1, 2, 2, kind, ZOOMS[0], ZOOMS[-1]]) + bounds + bytes([ZOOMS[0]]) + pack("<ii", 0, 0)
    return head + directory + said + body


@contextmanager
def served(files: Mapping[str, bytes]) -> Iterator[str]:
    """A server of these paths on a port of its own, as another origin has it: with ranges, for every page."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = files.get(self.path.partition("?")[0])
            asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
            part = content if content is None or asked is None else content[int(asked[1]) : int(asked[2]) + 1]
            self.send_response(404 if part is None else 206 if asked else 200)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Content-Length", str(len(part or b"")))
            if self.path.endswith(".pbf"):
                self.send_header("Content-Encoding", "gzip")
            if asked and content is not None:
                self.send_header("Content-Range", f"bytes {asked[1]}-{asked[2]}/{len(content)}")
            self.end_headers()
            self.wfile.write(part or b"")

        def log_message(self, *_said: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _box(west: float, south: float, east: float, north: float) -> Ring:
    return [(west, south), (west, north), (east, north), (east, south), (west, south)]


def _tile(zoom: int, longitude: float, latitude: float) -> tuple[float, float]:
    """Web Mercator, in tiles."""
    size = 2**zoom
    return (longitude + 180) / 360 * size, (1 - asinh(tan(radians(latitude))) / pi) / 2 * size


def _layer(name: str, found: Iterable[Drawn], zoom: int, column: int, row: int) -> bytes:
    found = list(found)
    keys = sorted({key for one in found for key in one.properties})
    values = sorted({value for one in found for value in one.properties.values()})
    body = _field(1, name.encode())
    for one in found:
        tags = [number for key, value in one.properties.items() for number in (keys.index(key), values.index(value))]
        geometry = _geometry(one, zoom, column, row)
        body += _field(2, _field(2, _packed(tags)) + _varint(3 << 3) + _varint(one.kind) + _field(4, _packed(geometry)))
    body += b"".join(_field(3, key.encode()) for key in keys)
    body += b"".join(_field(4, _field(1, value.encode())) for value in values)
    return _field(3, body + _varint(5 << 3) + _varint(EXTENT) + _varint(15 << 3) + _varint(2))


def _geometry(one: Drawn, zoom: int, column: int, row: int) -> list[int]:
    """Commands: move to the first point, lines to the others, close what is an area."""
    commands: list[int] = []
    here = (0, 0)
    for ring in one.rings:
        at = [_tile(zoom, *point[:2]) for point in (ring[:-1] if one.kind == _AREA else ring)]
        points = [(round((x - column) * EXTENT), round((y - row) * EXTENT)) for x, y in at]
        for number, point in enumerate(points):
            if number < 2:
                commands.append(9 if number == 0 else 2 | (len(points) - 1) << 3)
            commands += [_zigzag(point[0] - here[0]), _zigzag(point[1] - here[1])]
            here = point
        commands += [15] if one.kind == _AREA else []
    return commands


def _hilbert(zoom: int, x: int, y: int) -> int:
    """The number of a tile in PMTiles: all lower zooms first, then along a Hilbert curve."""
    number, side = ((1 << 2 * zoom) - 1) // 3, 1 << (zoom - 1)
    while side:
        right, down = int(bool(x & side)), int(bool(y & side))
        number += side * side * ((3 * right) ^ down)
        if not down:
            if right:
                x, y = side - 1 - x, side - 1 - y
            x, y = y, x
        side //= 2
    return number


def _directory(entries: list[tuple[int, int, int]]) -> bytes:
    numbers = [entry[0] for entry in entries]
    steps = [number - before for number, before in zip(numbers, [0, *numbers[:-1]], strict=True)]
    columns = [steps, [1] * len(entries), [entry[2] for entry in entries], [entry[1] + 1 for entry in entries]]
    return _varint(len(entries)) + b"".join(_packed(column) for column in columns)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _packed(numbers: Iterable[int]) -> bytes:
    return b"".join(map(_varint, numbers))


def _zigzag(number: int) -> int:
    return number << 1 if number >= 0 else (-number << 1) - 1


def _varint(number: int) -> bytes:
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*made, number])
