"""Catalogues small enough to be worked by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from schemas.catalogue import Catalogue
from services.cityscore.catalogue import content_hash

TEXT = {"kk": "а", "ru": "б", "en": "c"}
ALL = ("republican", "regional", "district")


def kpi(code: str, target: dict[str, Any] | None, weight: int = 1, **other: Any) -> dict[str, Any]:
    """One KPI with the same target for all categories."""
    initiative, row = map(int, code.split("."))
    return {
        "code": code,
        "name": TEXT,
        "formula": TEXT,
        "note": TEXT,
        "unit": "percent",
        "period": "month",
        "weight": weight,
        "source": TEXT,
        "system": TEXT,
        "targets": dict.fromkeys(ALL, target),
        "measure": {"kind": "share"},
        "citation": {"annex": 4, "table": initiative, "row": row},
        **other,
    }


def initiative(
    number: int, section: str, kpis: Sequence[dict[str, Any]], levels: dict[str, Any] | None = None
) -> dict[str, Any]:
    """One initiative, in stage 1 for all categories unless told otherwise."""
    everywhere = {category: {"stage": 1, "years": [2026, 2027]} for category in ALL}
    return {
        "number": number,
        "system": f"system-{number}",
        "name": TEXT,
        "section": section,
        "levels": everywhere if levels is None else levels,
        "kpis": list(kpis),
    }


def methodology() -> dict[str, Any]:
    """Annex 5's figures."""
    weights = {"city_management": 25, "safety": 25, "transport": 20, "ecology": 15, "housing": 15}
    floors = {"excellent": 90, "good": 75, "average": 60, "below_average": 45, "low": 0}
    return {
        "version": "test",
        "sections": {code: {"weight": weight, "name": TEXT, "note": TEXT} for code, weight in weights.items()},
        "bands": {
            code: {"floor": floor, "name": TEXT, "description": TEXT, "stated": str(floor)}
            for code, floor in floors.items()
        },
        "categories": dict.fromkeys(ALL, TEXT),
        "additional_initiative_points": 2,
        "additional_initiative_criteria": [TEXT] * 5,
        "additional_initiative_interpretation": TEXT,
        "abbreviations": {},
    }


def catalogue(*initiatives: dict[str, Any]) -> Catalogue:
    """A catalogue with its hash."""
    content = {"methodology": methodology(), "initiatives": list(initiatives), "functions": {}}
    unnamed = Catalogue.model_validate({**content, "hash": ""})
    return unnamed.model_copy(update={"hash": content_hash(unnamed)})
