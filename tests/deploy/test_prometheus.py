"""The alert rules: accepted and tried out by Prometheus' own tool, about metrics that exist."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.retention import LEDGER_KEPT
from services.api.settings import ApiSettings
from services.api.stock_taking import OUTCOMES
from services.ingest.settings import IngestSettings
from services.probe.settings import ProbeSettings
from services.runtime.metrics import METRICS
from services.scorer.settings import ScorerSettings

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "prometheus"
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="no promtool on PATH (Debian: apt-get install prometheus)")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "ahual.rules.yaml").read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def promtool(*arguments: str) -> None:
    assert PROMTOOL
    done = subprocess.run([PROMTOOL, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_prometheus_takes_the_configuration_and_its_rules() -> None:
    promtool("check", "config", "deploy/prometheus/prometheus.yaml")
    promtool("check", "rules", "--lint-fatal", "deploy/prometheus/ahual.rules.yaml")


@needs_promtool
def test_the_rules_fire_when_they_should_and_only_then() -> None:
    promtool("test", "rules", "tests/deploy/ahual.rules.test.yaml")


def test_rules_name_metrics_and_labels_that_exist() -> None:
    for rule in rules():
        named = re.findall(r"(ahual_\w+)(?:\{(\w+)=\"(\w+)\"\})?", rule["expr"])
        assert named, rule["alert"]
        for metric, label, value in named:
            assert label in (*METRICS[metric].labels, ""), rule["alert"]
            assert label != "outcome" or value in OUTCOMES


def test_every_alert_is_tried_out_and_documented() -> None:
    tried = (Path(__file__).parent / "ahual.rules.test.yaml").read_text("utf-8")
    pages = "".join((ROOT / "docs" / page).read_text("utf-8") for page in ("sources.md", "operations.md"))
    documented = re.findall(r"^\| (Ahual\w+) \|", pages, re.MULTILINE)
    names = [rule["alert"] for rule in rules()]
    assert set(names) == set(re.findall(r"alertname: (\w+)", tried)) == set(documented)


def test_a_floor_stands_when_it_is_two_days_older_than_it_should_be() -> None:
    (expr,) = (rule["expr"] for rule in rules() if rule["alert"] == "AhualFloorStands")
    days = dict(re.findall(r'event_class="(\w+)"}\) > (\d+) \* 86400', expr))
    assert days == {event_class: str(kept.days + 2) for event_class, kept in LEDGER_KEPT.items()}


def test_prometheus_looks_where_our_processes_tell() -> None:
    config = yaml.safe_load((FOLDER / "prometheus.yaml").read_text("utf-8"))
    found = {job["job_name"]: job["static_configs"][0]["targets"] for job in config["scrape_configs"]}
    assert found == {
        "ahual-ingest": [f"127.0.0.1:{IngestSettings.model_fields['ingest_metrics_port'].default}"],
        "ahual-scorer": [f"127.0.0.1:{ScorerSettings.model_fields['scorer_metrics_port'].default}"],
        "ahual-probe": [f"127.0.0.1:{ProbeSettings.model_fields['probe_metrics_port'].default}"],
        "ahual-api": [f"127.0.0.1:{ApiSettings.model_fields['api_port'].default}"],
    }
