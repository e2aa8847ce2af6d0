"""The format of a delivery to SDU: one city's KPIs of one closed period, as rows, files and a manifest.

SDU's technical interface is not public. That a delivery is a folder with these columns, these three file formats and
this manifest is our assumption, and this module is the only place that knows it (docs/exports.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePosixPath
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.catalogue import Category, Period
from schemas.facts import data_schemas
from schemas.snapshot import Freshness

FORMAT: Final = "ahual-delivery/1"
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
SUMS: Final = "SHA256SUMS"
SCHEMA: Final = "kpis.schema.json"
PARQUET: Final = "kpis.parquet"
CSV: Final = "kpis.csv"
NDJSON: Final = "kpis.ndjson"
FACTS: Final = "facts.parquet"
FACTS_SCHEMA: Final = "facts.schema.json"
Kind = Literal["kpis", "facts"]
"""What a delivery holds: the KPIs of a period, or the raw facts behind them."""
FILES: Final[Mapping[Kind, tuple[str, ...]]] = {
    "kpis": (CSV, NDJSON, PARQUET, SCHEMA, MANIFEST, SIGNATURE, SUMS),
    "facts": (FACTS, FACTS_SCHEMA, MANIFEST, SIGNATURE, SUMS),
}
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class DeliveryRow(_Frozen):
    """One KPI of the period. Absent values are null in NDJSON and Parquet and empty in CSV."""

    city: str
    category: Category
    kpi: str = Field(description="the order's code, such as 1.8")
    initiative: int = Field(description="number of the system in annex 2; from 17 on the city's own")
    period: Period
    name: str = Field(description="2027-03-09, 2027-W05, 2027-03, 2027-Q1, 2027")
    begin: datetime
    end: datetime = Field(description="excluded")
    value: float | None = Field(description="in `unit`")
    parts: str | None = Field(description="JSON of values by part instead, where the order asks for several (1.4)")
    unit: str
    numerator: int | None = Field(description="in the measure's smallest unit")
    denominator: int | None
    scale: float = Field(description="value = numerator ÷ denominator ÷ scale (a share: × 100)")
    target: str | None = Field(description="JSON of the target of the city's category; null: none to score by")
    attainment: float | None = Field(description="0…1; 1 is the target met")
    weight: int = Field(description="the order's value (ценность) of the KPI")
    coverage: float | None = Field(description="share of the period in which its sources reported, 0…1")
    freshness: Freshness = Field(description="judged at the period's end")
    sources: str = Field(description="codes of the systems it comes from, separated by blanks; empty: every system")
    catalogue_hash: str | None = Field(description="of the methodology it was computed under")
    revision: int = Field(description="of this KPI's period, from 1; 0: never computed")
    generated_at: datetime | None = Field(description="when that revision was stored")
    label: Literal["operational_estimate"] = "operational_estimate"


class DeliveredFile(_Frozen):
    """One file of a delivery, relative to its folder."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    rows: int | None = Field(description="null for what has no rows")
    bytes: int
    sha256: Sha256


class Change(_Frozen):
    """What a KPI came to in the delivery before, and in this one."""

    kpi: str
    before: float | str | None
    after: float | str | None
    difference: float | None = Field(description="after − before, where both are numbers")


class Manifest(_Frozen):
    """What a delivery holds, signed as a whole: the bytes of `manifest.json` by `manifest.sig`."""

    format: Literal["ahual-delivery/1"] = "ahual-delivery/1"
    kind: Kind = "kpis"
    city: str
    period: Period
    name: str
    begin: datetime
    end: datetime
    revision: int = Field(ge=1)
    previous: Sha256 | None = Field(description="SHA-256 of the previous revision's manifest; null for the first")
    generated_at: datetime = Field(description="when the newest of its values or facts was stored")
    rows: int
    changes: tuple[Change, ...] = Field(description="against the previous revision; empty for the first")
    files: tuple[DeliveredFile, ...]


def relative(city: str, period: Period, name: str, revision: int, kind: Kind = "kpis") -> PurePosixPath:
    """A delivery's folder below the folder of all, and below the root of every way out."""
    return PurePosixPath(city, period.value, name, f"{'' if kind == 'kpis' else kind + '-'}r{revision:04d}")


def row_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a row, the same for all three file formats."""
    schema = DeliveryRow.model_json_schema(mode="serialization")
    return {"$schema": _DIALECT, "$id": f"urn:{FORMAT}", **schema}


def facts_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the `data` of every event type, as it is let out."""
    return {"$schema": _DIALECT, "$id": f"urn:{FORMAT}:facts", "$defs": data_schemas()}


_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
