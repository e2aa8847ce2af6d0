"""The alert rules: accepted and tried out by Prometheus' own tool, about metrics that exist."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import ValidationError

from deploy.prometheus.__main__ import content
from deploy.prometheus.slo import Slo, load
from schemas import yaml_text
from schemas.catalogue import AtLeast
from schemas.retention import LEDGER_KEPT
from services.api.settings import ApiSettings
from services.api.stock_taking import OUTCOMES
from services.cityscore.catalogue import load_catalogue
from services.cli.main import build
from services.ingest.settings import IngestSettings
from services.probe.settings import ProbeSettings
from services.runtime.metrics import METRICS
from services.scorer.settings import ScorerSettings

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "prometheus"
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="no promtool on PATH (Debian: apt-get install prometheus)")


FILES = ("ahual.rules.yaml", "ahual.slo.rules.yaml")
TRIED = ("ahual.rules.test.yaml", "ahual.slo.rules.test.yaml")
PARTS = re.compile(r"_(?:bucket|count|sum)$")


def every_rule() -> list[dict[str, Any]]:
    groups = [group for name in FILES for group in yaml_text.parse((FOLDER / name).read_text("utf-8"))["groups"]]
    return [rule for group in groups for rule in group["rules"]]


def rules() -> list[dict[str, Any]]:
    return [rule for rule in every_rule() if "alert" in rule]


def promtool(*arguments: str) -> None:
    assert PROMTOOL
    done = subprocess.run([PROMTOOL, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_prometheus_takes_the_configuration_and_its_rules() -> None:
    promtool("check", "config", "deploy/prometheus/prometheus.yaml")
    promtool("check", "config", "deploy/prometheus/prometheus.compose.yaml")
    promtool("check", "rules", "--lint-fatal", *(f"deploy/prometheus/{name}" for name in FILES))


@needs_promtool
def test_the_rules_fire_when_they_should_and_only_then() -> None:
    promtool("test", "rules", *(f"tests/deploy/{name}" for name in TRIED))


def test_rules_name_metrics_and_labels_that_exist() -> None:
    recorded = {rule["record"] for rule in every_rule() if "record" in rule}
    for rule in every_rule():
        assert set(re.findall(r"ahual:\w+:\w+", rule["expr"])) <= recorded
        for told, label, value in re.findall(r"(ahual_\w+)(?:\{(\w+)=\"([\w.]+)\"\})?", rule["expr"]):
            metric = told if told in METRICS else PARTS.sub("", told)
            assert label in (*METRICS[metric].labels, "", "le"), rule
            assert label != "le" or float(value) in METRICS[metric].buckets, rule
            assert label != "outcome" or value in OUTCOMES


def test_every_alert_is_tried_out_and_documented() -> None:
    tried = "".join((Path(__file__).parent / name).read_text("utf-8") for name in TRIED)
    pages = "".join((ROOT / "docs" / page).read_text("utf-8") for page in ("sources.md", "operations.md"))
    documented = re.findall(r"^\| (Ahual\w+) \|", pages, re.MULTILINE)
    names = [rule["alert"] for rule in rules()]
    assert set(names) == set(re.findall(r"alertname: (\w+)", tried)) == set(documented)


def test_every_alert_has_a_runbook_that_says_what_to_do() -> None:
    pages = {path.stem: path.read_text("utf-8") for path in (ROOT / "docs" / "runbooks").glob("Ahual*.md")}
    assert pages.keys() == {rule["alert"] for rule in rules()}
    index = (ROOT / "docs" / "runbooks" / "README.md").read_text("utf-8")
    for rule in rules():
        assert rule["annotations"]["runbook"] == f"docs/runbooks/{rule['alert']}.md"
        assert f"]({rule['alert']}.md)" in index
        parts = re.split(r"\*\*What (?:it means|to look at|to do)\.\*\*", pages[rule["alert"]])
        assert len(parts) == 4
        assert all(len(part.strip()) > 40 for part in parts[1:]), rule["alert"]


def test_commands_of_runbooks_exist() -> None:
    app = typer.main.get_command(build())
    for path in (ROOT / "docs" / "runbooks").glob("*.md"):
        for words in re.findall(r"`ahual ([a-z -]+?)(?: --[^`]*)?`", path.read_text("utf-8")):
            command: Any = app
            for word in words.split():
                command = command.commands[word]


def test_objectives_are_those_of_the_page_and_their_rules_are_written() -> None:
    slos = load()
    assert (FOLDER / "ahual.slo.rules.yaml").read_text("utf-8") == content(), "run `python -m deploy.prometheus`"
    page = (ROOT / "docs" / "slo.md").read_text("utf-8")
    told = re.findall(r"^\| (\w+) \| ([\d.]+) % \|", page, re.MULTILINE)
    assert {name: round(float(share) / 100, 6) for name, share in told} == {n: s.objective for n, s in slos.items()}
    kpis = [kpi for initiative in load_catalogue().initiatives for kpi in initiative.kpis]
    (target,) = {kpi.targets.regional for kpi in kpis if kpi.code == "1.2"}
    assert isinstance(target, AtLeast)
    assert slos["availability"].objective == target.value / 100


@pytest.mark.parametrize(
    "wrong",
    [
        {"objective": 0.9, "what": "x"},
        {"objective": 0.9, "what": "x", "bad": "a"},
        {"objective": 0.9, "what": "x", "bad": "a", "total": "b", "slices": "c"},
        {"objective": 1, "what": "x", "slices": "c"},
        {"objective": 0.9, "what": "x", "slices": "c", "windows": []},
    ],
)
def test_a_wrong_objective_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Slo.model_validate(wrong)


def test_a_floor_stands_when_it_is_two_days_older_than_it_should_be() -> None:
    (expr,) = (rule["expr"] for rule in rules() if rule["alert"] == "AhualFloorStands")
    days = dict(re.findall(r'event_class="(\w+)"}\) > (\d+) \* 86400', expr))
    assert days == {event_class: str(kept.days + 2) for event_class, kept in LEDGER_KEPT.items()}


def test_prometheus_looks_where_our_processes_tell() -> None:
    config = yaml_text.parse((FOLDER / "prometheus.yaml").read_text("utf-8"))
    found = {job["job_name"]: job["static_configs"][0]["targets"] for job in config["scrape_configs"]}
    assert found == {
        "ahual-ingest": [f"127.0.0.1:{IngestSettings.model_fields['ingest_metrics_port'].default}"],
        "ahual-scorer": [f"127.0.0.1:{ScorerSettings.model_fields['scorer_metrics_port'].default}"],
        "ahual-probe": [f"127.0.0.1:{ProbeSettings.model_fields['probe_metrics_port'].default}"],
        "ahual-api": [f"127.0.0.1:{ApiSettings.model_fields['api_port'].default}"],
    }
