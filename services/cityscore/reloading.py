"""The catalogue while a city's own files come and go: looked at every few seconds, taken over when they are right."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from schemas.catalogue import Catalogue
from services.cityscore.catalogue import load_catalogue
from services.cityscore.errors import CatalogueError

log = logging.getLogger(__name__)

EVERY_S: Final = 5.0


async def changed(current: Catalogue, own: Path | None, every_s: float = EVERY_S) -> AsyncIterator[Catalogue]:
    """Each new catalogue, for ever; a file with a mistake is logged with its line and changes nothing."""
    seen = None
    while own is not None:
        await asyncio.sleep(every_s)
        now = _look(own)
        if now == seen:
            continue
        seen = now
        try:
            loaded = load_catalogue(own=own)
        except (CatalogueError, OSError) as error:
            log.error("the city's own KPIs are not taken over", extra={"reason": str(error)})
            continue
        if loaded != current:
            current = loaded
            yield loaded


def _look(folder: Path) -> frozenset[tuple[str, int, int]]:
    """What tells one state of the folder from another."""
    if not folder.is_dir():
        return frozenset()
    stats = ((path.name, path.stat()) for path in folder.glob("*.yaml"))
    return frozenset((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)
