"""A real Prometheus beside a running installation, with our rules; once a second, so that a minute is enough to see."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx2
import pytest
import yaml

from deploy.stack import Program, StackError
from deploy.stack.tools import listening, wait_until
from schemas import yaml_text
from services.runtime.metrics import METRICS
from tests.installation import Installation

PROMETHEUS: Final = shutil.which("prometheus")
needs_prometheus = pytest.mark.skipif(PROMETHEUS is None, reason="no prometheus on PATH (Debian: apt-get install)")
RULES: Final = Path(__file__).parents[2] / "deploy" / "prometheus"
JOBS: Final = ("ahual-ingest", "ahual-scorer", "ahual-probe", "ahual-api")
KNOWN: Final = {
    name + ending
    for name, metric in METRICS.items()
    for ending in (("_bucket", "_count", "_sum", "_created") if metric.kind == "histogram" else ("", "_created"))
} | {name.removesuffix("_total") + "_created" for name in METRICS}
"""Every name a process of ours may tell."""


def rules_stated() -> int:
    """How many rules our files have."""
    files = [yaml_text.parse(file.read_text("utf-8")) for file in RULES.glob("*.rules.yaml")]
    return sum(len(group["rules"]) for file in files for group in file["groups"])


@dataclass(frozen=True, slots=True)
class Watcher:
    """A running Prometheus."""

    url: str

    def get(self, path: str, **asked: object) -> Any:
        """The data of an answer of its API."""
        answer = httpx2.get(f"{self.url}/api/v1/{path}", params=asked, timeout=30, trust_env=False)  # type: ignore[arg-type]  # numbers and texts
        answer.raise_for_status()
        return answer.json()["data"]

    def targets(self) -> list[tuple[str, str]]:
        """Job and health of each."""
        return [(t["labels"]["job"], t["health"]) for t in self.get("targets", state="active")["activeTargets"]]

    def rules(self) -> list[dict[str, Any]]:
        """Every rule as it was last evaluated."""
        return [rule for group in self.get("rules")["groups"] for rule in group["rules"]]

    def names(self) -> set[str]:
        """Our metrics it has seen."""
        return {name for name in self.get("label/__name__/values") if name.startswith("ahual_")}

    def ask(self, query: str, begin: datetime | None, end: datetime, step: timedelta) -> int:
        """How many series a query gives: over a time range, or now."""
        if begin is None:
            return len(self.get("query", query=query, time=end.timestamp())["result"])
        times = {"start": begin.timestamp(), "end": end.timestamp(), "step": step.total_seconds()}
        return len(self.get("query_range", query=query, **times)["result"])


@contextmanager
def prometheus(installation: Installation) -> Iterator[Watcher | None]:
    """Prometheus and a probe, which has no key that the intake knows: it looks, and nothing it saw is counted."""
    if PROMETHEUS is None:
        yield None
        return
    stack = installation.stack
    env = {"AHUAL_PROBE_CITY": installation.city, "AHUAL_PROBE_KEY": "a.b.c", "AHUAL_PROBE_EVERY_S": "1"}
    stack.start(Program(name="probe", argv=(str(Path(sys.executable).parent / "ahual"), "probe"), env=env))
    with TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        config = Path(folder) / "prometheus.yaml"
        config.write_text(yaml.safe_dump(_config(installation)), "utf-8")
        address = f"127.0.0.1:{port}"
        command = [PROMETHEUS, f"--config.file={config}", f"--storage.tsdb.path={folder}/data"]
        with subprocess.Popen([*command, f"--web.listen-address={address}", "--log.level=error"]) as running:
            try:
                wait_until(lambda: listening(port), seconds=60, failure=_silent)
                yield Watcher(f"http://{address}")
            finally:
                running.terminate()
                stack.stop("probe")


def _silent() -> StackError:
    return StackError("not_ready", name="prometheus", seconds=60, detail="", log="")


def _config(installation: Installation) -> dict[str, Any]:
    """The shipped configuration, on this installation's ports and in a hurry."""
    shipped: dict[str, Any] = yaml_text.parse((RULES / "prometheus.yaml").read_text("utf-8"))
    ports = installation.stack.ports
    places = (ports.metrics_ingest, ports.metrics_scorer, ports.metrics_probe, ports.api)
    assert tuple(job["job_name"] for job in shipped["scrape_configs"]) == JOBS
    for job, port in zip(shipped["scrape_configs"], places, strict=True):
        job["static_configs"] = [{"targets": [f"127.0.0.1:{port}"]}]
    shipped["global"] = {"scrape_interval": "2s", "evaluation_interval": "2s"}
    shipped["rule_files"] = [str(RULES / name) for name in shipped["rule_files"]]
    return shipped
