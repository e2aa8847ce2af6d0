"""What the export is told from outside."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from schemas.catalogue import Period
from services.runtime.settings import DatabaseSettings


class ExportSettings(DatabaseSettings):
    """The export reads closed values and writes deliveries; it needs no Kafka."""

    export_folder: Path = Field(description="Where deliveries are stored; the API serves them from there")
    export_key_file: Path = Field(description="Ed25519 private key (PEM) that signs manifests: `ahual export key`")
    export_ways: Path | None = Field(default=None, description="YAML file of the ways out; without one only pull")
    export_delay_s: float = Field(
        default=3600.0,
        ge=0,
        description="From the end of a period to its first delivery, in s, so that late data is in it",
    )
    export_facts: str = Field(
        default="",
        description="Periods whose raw facts are delivered too, separated by commas: `month`, or `day,month`",
    )
    archive_folder: Path | None = Field(
        default=None, description="Where `ahual archive` writes; facts that the ledger has dropped are read there"
    )
    export_pause_s: float = Field(default=60.0, ge=1, description="Between two passes of `ahual export --watch`, in s")
    catalogue_folder: Path | None = Field(
        default=None, description="YAML files of initiatives of the cities' own, as the scorers have them"
    )

    @property
    def fact_periods(self) -> tuple[Period, ...]:
        """`export_facts`, parsed."""
        return tuple(Period(name.strip()) for name in self.export_facts.split(",") if name.strip())

    @field_validator("export_facts")
    @classmethod
    def _known(cls, text: str) -> str:
        for name in filter(None, map(str.strip, text.split(","))):
            Period(name)
        return text
