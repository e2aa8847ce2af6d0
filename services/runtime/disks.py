"""How much room is left where something keeps its data, told whenever somebody asks for the metrics."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from functools import partial
from math import nan
from pathlib import Path

from services.runtime.metrics import Metrics


def free_share(folder: Path) -> float:
    """Free share of the folder's disk, 0…1; not a number where there is no such folder."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return nan
    return usage.free / usage.total


def watch(folders: Iterable[Path], metrics: Metrics) -> None:
    """Tell of these folders' disks from now on."""
    gauge = metrics.gauge("ahual_disk_free_ratio")
    for folder in folders:
        gauge.labels(str(folder)).set_function(partial(free_share, folder))
