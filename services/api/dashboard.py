"""The built dashboard's files, and the kinds of visualisation that the build says it holds."""

from __future__ import annotations

import logging
import mimetypes
from collections.abc import Callable, Mapping
from email.utils import formatdate
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

import cramjam
from fastapi import Request
from fastapi.responses import Response
from pydantic import TypeAdapter, ValidationError

from schemas.shown import Visualisation
from services.api.encodings import accepted

log = logging.getLogger(__name__)
BUILT: Final = Path(str(files("services"))) / "dashboard" / "dist"
"""Where `make dashboard` builds to."""
INDEX: Final = "index.html"
MANIFEST: Final = "visualisations.json"
HASHED: Final = "assets"
"""The folder whose files have their hash in their name."""
_IMMUTABLE: Final = "public, max-age=31536000, immutable"
_TEXT: Final = ("text/", "application/json", "application/javascript", "image/svg+xml", "application/manifest+json")
_LISTED: Final = TypeAdapter(list[Visualisation])
_COMPRESS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "br": lambda body: bytes(cramjam.brotli.compress(body, level=9)),
    "gzip": lambda body: bytes(cramjam.gzip.compress(body, level=9)),
}


class _File(NamedTuple):
    """A file as it was read; another time or size on disk makes it another."""

    stamp: tuple[int, int]
    kind: str
    bodies: dict[str, bytes]
    """By content encoding; the empty one is the file itself."""

    @property
    def etag(self) -> str:
        return f'"{blake2b(self.bodies[""], digest_size=12).hexdigest()}"'


class Dashboard:
    """The files of one folder, each read and compressed once."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = (folder or BUILT).resolve()
        self._files: dict[Path, _File] = {}

    @property
    def built(self) -> bool:
        """Whether there is a page to serve."""
        return (self._folder / INDEX).is_file()

    def visualisations(self) -> list[Visualisation]:
        """What the build declares; nothing when its manifest is missing or not one."""
        try:
            return _LISTED.validate_json((self._folder / MANIFEST).read_bytes())
        except (OSError, ValidationError) as error:
            log.warning("the dashboard's list of visualisations is not readable", extra={"reason": str(error)[:300]})
            return []

    def answer(self, name: str, request: Request) -> Response | None:
        """The file of this name, as the request can take it; None when there is none."""
        path = self._path(name)
        if path is None:
            return None
        file = self._read(path)
        headers = {
            "Cache-Control": _IMMUTABLE if name.startswith(f"{HASHED}/") else "no-cache",
            "ETag": file.etag,
            "Vary": "Accept-Encoding",
            "Last-Modified": formatdate(file.stamp[0] / 1e9, usegmt=True),
        }
        if file.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        encoding = accepted(request.headers.get("accept-encoding", "")) if file.kind.startswith(_TEXT) else ""
        if encoding:
            headers["Content-Encoding"] = encoding
        return Response(_body(file, encoding), media_type=file.kind, headers=headers)

    def _path(self, name: str) -> Path | None:
        path = (self._folder / name).resolve()
        return path if path.is_relative_to(self._folder) and path.is_file() else None

    def _read(self, path: Path) -> _File:
        stat = path.stat()
        stamp = (stat.st_mtime_ns, stat.st_size)
        known = self._files.get(path)
        if known is None or known.stamp != stamp:
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            known = self._files[path] = _File(stamp, kind, {"": path.read_bytes()})
        return known


def _body(file: _File, encoding: str) -> bytes:
    if encoding not in file.bodies:
        file.bodies[encoding] = _COMPRESS[encoding](file.bodies[""])
    return file.bodies[encoding]
