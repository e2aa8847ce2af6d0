"""What the scorer is told from outside."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from services.runtime.settings import RuntimeSettings


class ScorerSettings(RuntimeSettings):
    """`AHUAL_SCORER_…` beside the shared `AHUAL_…`."""

    scorer_group: str = Field(default="ahual-scorer", description="Kafka consumer group")
    scorer_metrics_port: int = Field(default=18092, description="Port of the Prometheus endpoint")
    scorer_instance: str = Field(
        default="", description="Name of this scorer within its group, so that its restart moves no partition"
    )
    scorer_batch_records: int = Field(default=5000, ge=1, description="Records of one partition in one transaction")
    archive_folder: Path | None = Field(
        default=None,
        description="Where `ahual archive` writes; the scorer then leaves dropping old events to it",
    )
    scorer_disks: str = Field(
        default="", description="Folders, separated by colons, whose disks' free space is told beside the archive's"
    )
    scorer_cadence_s: float = Field(default=10.0, gt=0, description="Longest time between two scores of a city, in s")
    scorer_pause_s: float = Field(default=0.1, ge=0, description="Shortest time between two scores under load, in s")

    @property
    def watched(self) -> list[Path]:
        """Folders whose disks may fill, each once."""
        named = [Path(folder) for folder in self.scorer_disks.split(":") if folder]
        return list(dict.fromkeys([*named, *([self.archive_folder] if self.archive_folder else [])]))
