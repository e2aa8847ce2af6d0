"""The catalogue as loaded from its YAML files: checked as a whole, ordered and named by its hash.

schemas/methodology.yaml        annex 5's constants
schemas/kpis/*.yaml             one initiative and its KPIs each (annexes 2 and 4)
schemas/functions/*.yaml        the list of functions of the initiative that begins the name (annex 3)

A city adds initiatives of its own (annex 5, point 5) as files of the same form as schemas/kpis/*.yaml in a folder that
is named by a setting: numbered from 17, without levels.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePath
from typing import Any, Final

from pydantic import RootModel

from schemas.binding import mistakes
from schemas.catalogue import Catalogue, Function, Initiative, Methodology
from schemas.events.registry import EVENT_TYPES
from schemas.units import UNITS
from services.cityscore.document import Document


class Functions(RootModel[tuple[Function, ...]]):
    """One file of annex 3."""


ORDERED: Final = 16
"""Initiatives of the order; a city numbers its own from the next one."""


def load_catalogue(folder: Traversable | None = None, own: Traversable | None = None) -> Catalogue:
    """The catalogue of a folder (a `Path`), by default the one installed with the package; `own` is the city's folder.

    Raises CatalogueError, naming file and line, for anything that is not as `schemas/catalogue.py` says, an unknown
    unit, a code used twice or outside its initiative, a measure that its event types cannot feed, and a file of
    functions that names no initiative.
    """
    root = folder or files("schemas")
    methodology = Document.read(root / "methodology.yaml").parse(Methodology)
    initiatives = sorted(_initiatives(_documents(root / "kpis")), key=lambda initiative: initiative.number)
    functions = _functions(_documents(root / "functions"), {initiative.number for initiative in initiatives})
    content: dict[str, Any] = {
        "methodology": methodology,
        "initiatives": tuple(initiatives),
        "functions": dict(sorted(functions.items())),
        "additional": tuple(_own(own)) if own is not None else (),
    }
    unnamed = Catalogue(**content, hash="")
    return Catalogue(**content, hash=content_hash(unnamed))


def is_own(code: str) -> bool:
    """Whether a KPI's code is that of a city's own initiative."""
    return int(code.partition(".")[0]) > ORDERED


def content_hash(catalogue: Catalogue) -> str:
    """SHA-256, in hexadecimal, over the canonical JSON of everything that decides a score."""
    content = catalogue.model_dump(mode="json", exclude={"hash", "additional"})
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _documents(folder: Traversable) -> Iterator[Document]:
    if folder.is_dir():
        paths = (path for path in folder.iterdir() if path.name.endswith(".yaml"))
        yield from map(Document.read, sorted(paths, key=lambda path: path.name))


def _own(folder: Traversable) -> Iterator[Initiative]:
    """A city's own initiatives. Raises CatalogueError; a folder that is not there holds none."""
    documents = list(_documents(folder))
    for document, initiative in zip(documents, _initiatives(documents, own=True), strict=True):
        if initiative.levels:
            raise document.error(("levels",), "an additional initiative has no levels: it is not part of the index")
        yield initiative


def _initiatives(documents: Iterable[Document], *, own: bool = False) -> Iterator[Initiative]:
    numbers: dict[int, str] = {}
    for document in documents:
        initiative = document.parse(Initiative)
        if own is not (initiative.number > ORDERED):
            raise document.error(("number",), f"the order's initiatives are 1 to {ORDERED}, a city's own 17 to 99")
        if initiative.number in numbers:
            reason = f"initiative {initiative.number} stands in {numbers[initiative.number]} already"
            raise document.error(("number",), reason)
        numbers[initiative.number] = document.file
        _check_kpis(document, initiative)
        yield initiative.model_copy(update={"kpis": tuple(sorted(initiative.kpis, key=lambda kpi: _row(kpi.code)))})


def _check_kpis(document: Document, initiative: Initiative) -> None:
    codes: set[str] = set()
    for position, kpi in enumerate(initiative.kpis):
        at = ("kpis", position)
        if kpi.code in codes:
            raise document.error((*at, "code"), f"the code {kpi.code} is used twice")
        if kpi.code.split(".")[0] != str(initiative.number):
            raise document.error(
                (*at, "code"), f"the code {kpi.code} does not belong to initiative {initiative.number}"
            )
        if kpi.unit not in UNITS:
            raise document.error((*at, "unit"), f"unknown unit {kpi.unit!r}; known are {', '.join(UNITS)}")
        for mistake in mistakes(kpi.measure, EVENT_TYPES):
            raise document.error((*at, "measure", *mistake.path), f"KPI {kpi.code}: {mistake.reason}")
        codes.add(kpi.code)


def _row(code: str) -> int:
    return int(code.split(".")[1])


def _functions(documents: Iterable[Document], known: set[int]) -> dict[int, tuple[Function, ...]]:
    functions: dict[int, tuple[Function, ...]] = {}
    for document in documents:
        number = _leading_number(document.file)
        if number not in known:
            raise document.error((), "the file's name does not begin with the number of an initiative")
        functions[number] = document.parse(Functions).root
    return functions


def _leading_number(file: str) -> int:
    digits = PurePath(file).name.partition("-")[0]
    return int(digits) if digits.isdecimal() else 0
