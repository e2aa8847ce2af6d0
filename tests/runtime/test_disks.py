"""Free space is told as it is when asked."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.runtime.disks import free_share, watch
from services.runtime.metrics import Metrics
from services.scorer.settings import ScorerSettings


def test_what_is_told_is_what_the_disk_has(tmp_path: Path) -> None:
    usage = shutil.disk_usage(tmp_path)
    metrics = Metrics()
    watch([tmp_path, tmp_path / "nowhere"], metrics)

    def told(folder: Path) -> float | None:
        return metrics.registry.get_sample_value("ahual_disk_free_ratio", {"folder": str(folder)})

    assert told(tmp_path) == pytest.approx(usage.free / usage.total, abs=0.05)
    assert math.isnan(told(tmp_path / "nowhere") or 0.0)
    assert math.isnan(free_share(tmp_path / "nowhere"))


def test_the_scorer_watches_what_it_is_told_and_the_archive(tmp_path: Path) -> None:
    def watched(folders: str, archive: Path | None) -> list[Path]:
        return ScorerSettings(
            allow_plaintext=True,
            database_url=SecretStr("postgresql+asyncpg://x@127.0.0.1/x"),
            kafka_bootstrap="x:1",
            scorer_disks=folders,
            archive_folder=archive,
        ).watched

    assert watched("", None) == []
    assert watched(f"/a:{tmp_path}", tmp_path) == [Path("/a"), tmp_path]
