"""The address of the map's tiles, as a setting states it."""

from __future__ import annotations

import re
from typing import Annotated, Final, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator

ARCHIVE: Final = ".pmtiles"
VECTOR: Final = (".pbf", ".mvt")
_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9a-fA-F:]+\](:\d{1,5})?")
_PATH: Final = re.compile(r"/[A-Za-z0-9._~/@!$&*+=:?%{}-]*")
_PLACES: Final = ("{z}", "{x}", "{y}")


class _Parts(NamedTuple):
    origin: str
    """`https://host:port`; empty: our own."""
    path: str


def check(url: str) -> str:
    """The address, or ValueError that says what it must be."""
    if url and not is_archive(url) and not all(place in _parts(url).path for place in _PLACES):
        raise ValueError("an address of tiles holds {z}, {x} and {y}, or ends with .pmtiles")
    return url


TilesUrl = Annotated[str, AfterValidator(check)]


def origin(url: str) -> str:
    """Whose server the tiles come from, for the content security policy; empty: ours, or none."""
    return _parts(url).origin if url else ""


def is_vector(url: str) -> bool:
    """Whether each tile is a file of vectors (MVT). What an archive holds is said in the archive."""
    return _parts(url).path.partition("?")[0].endswith(VECTOR)


def _parts(url: str) -> _Parts:
    if url.startswith("/") and not url.startswith("//"):
        found = _Parts("", url)
    else:
        split = urlsplit(url)
        if split.scheme not in ("http", "https") or not _HOST.fullmatch(split.netloc):
            raise ValueError(
                "an address of tiles is a path of this server (/…) or http(s)://host/…, without an account"
            )
        host = f"{split.scheme}://{split.netloc}"
        found = _Parts(host, url[len(host) :])
    if not _PATH.fullmatch(found.path):
        raise ValueError("the path of an address of tiles holds letters, digits and ._~/@!$&*+=:?%{}- only")
    return found


def is_archive(url: str) -> bool:
    """Whether it is one file (PMTiles) and not a file per tile."""
    return _parts(url).path.partition("?")[0].endswith(ARCHIVE)
