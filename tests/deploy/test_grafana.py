"""Dashboards, alert rules and provisioning: what the generator writes, by Grafana's schema, over our views."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from deploy.grafana.__main__ import ALERTING, FOLDER, written
from deploy.grafana.alerts import ALERTS
from deploy.grafana.boards import BOARDS
from schemas import yaml_text
from schemas.access import VIEWS
from services.runtime.messages import LANGUAGES, text
from tests.deploy.grafana import expanded

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((Path(__file__).parent / "grafana-dashboard-11.6.0.schema.json").read_text("utf-8"))
FILES = sorted(FOLDER.glob("*/*.json"))
BUILT_IN = {"__interval_ms", "__interval", "__rate_interval", "__timeFilter", "__timeGroupAlias"}


def loaded(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def provisioning(name: str) -> dict[str, Any]:
    path = ROOT / "deploy" / "grafana" / "provisioning" / name / "ahual.yaml"
    found: dict[str, Any] = yaml_text.parse(path.read_text("utf-8"))
    return found


def test_the_files_are_what_the_description_says() -> None:
    expected = dict(written())
    assert expected.keys() == {*FILES, ALERTING}
    for path, content in expected.items():
        assert path.read_text("utf-8") == content, "run `python -m deploy.grafana`"


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_dashboard_follows_the_published_schema(path: Path) -> None:
    board = loaded(path)
    jsonschema.Draft7Validator(SCHEMA).validate(board)
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        place = panel["gridPos"]
        assert 0 <= place["x"] < place["x"] + place["w"] <= 24, panel["title"]
        assert panel["targets"], panel["title"]
    for one, other in combinations([panel["gridPos"] for panel in panels], 2):
        assert not overlap(one, other)


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
    below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    return not (beside or below)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_query_names_sources_and_variables_that_the_dashboard_has(path: Path) -> None:
    board = loaded(path)
    variables = {variable["name"]: variable for variable in board["templating"]["list"]}
    assert {"lang", "city", "postgres", "prometheus"} <= variables.keys()
    for panel in board["panels"]:
        for target in panel["targets"]:
            assert target["datasource"] == panel["datasource"]
            source = variables[target["datasource"]["uid"].strip("${}")]
            assert source["query"] == target["datasource"]["type"]
            query = target.get("rawSql") or target["expr"]
            assert set(re.findall(r"\$\{?(\w+)", query)) <= variables.keys() | BUILT_IN, query
            if "rawSql" in target:
                assert target["rawQuery"]
                assert target["format"] == ("time_series" if panel["type"] == "timeseries" else "table")
                assert set(re.findall(r"(?:FROM|JOIN) (\w+)", query.replace("epoch FROM now", ""))) <= set(VIEWS)


def test_languages_differ_in_words_alone() -> None:
    assert len(FILES) == len(LANGUAGES) * len(BOARDS)
    assert len(BOARDS) >= 6
    for board in BOARDS:
        queries = {json.dumps([p["targets"] for p in board.json(lang)["panels"]]) for lang in LANGUAGES}
        titles = {json.dumps([p["title"] for p in board.json(lang)["panels"]]) for lang in LANGUAGES}
        assert (len(queries), len(titles)) == (1, 3)


def test_what_is_provisioned_is_there() -> None:
    sources = {source["uid"]: source for source in provisioning("datasources")["datasources"]}
    variables = loaded(FILES[0])["templating"]["list"]
    wanted = {v["current"]["value"]: v["query"] for v in variables if v["type"] == "datasource"}
    assert {uid: source["type"] for uid, source in sources.items()} == wanted
    assert sources["ahual-postgres"]["secureJsonData"]["password"].startswith("$")
    for provider in provisioning("dashboards")["providers"]:
        lang = Path(provider["options"]["path"]).name
        assert provider["folder"] == text("grafana.folder", lang)
        assert (FOLDER / lang).is_dir()


def test_alert_rules_are_whole_and_have_runbooks() -> None:
    rules = [rule for group in provisioning("alerting")["groups"] for rule in group["rules"]]
    assert [rule["uid"] for rule in rules] == [f"ahual-{alert.key}" for alert in ALERTS]
    for rule in rules:
        assert [step["refId"] for step in rule["data"]] == ["A", "B", "C"]
        assert rule["condition"] == "C"
        assert [step["model"].get("expression") for step in rule["data"]] == [None, "A", "B"]


def test_grafanas_macros() -> None:
    begin, end = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    query = (
        "SELECT $__timeGroupAlias(at, '1d') WHERE x IN (${some:sqlstring}) AND $__timeFilter(at) AND $__interval = 1"
    )
    assert expanded(query, begin, end, timedelta(minutes=1), {"some": ["a", "b'c"]}) == (
        "SELECT time_bucket('1d', at) AS \"time\" WHERE x IN ('a','b''c')"
        " AND at BETWEEN '2026-03-01T00:00:00Z' AND '2026-03-02T00:00:00Z' AND 60s = 1"
    )
    with pytest.raises(KeyError):
        expanded("SELECT $nobody", begin, end, timedelta(minutes=1), {})
