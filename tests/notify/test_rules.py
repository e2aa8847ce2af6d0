"""The file of rules: what is understood, and that a slip is refused with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from schemas import yaml_text
from services.cityscore.catalogue import load_catalogue
from services.cli.main import build
from services.notify.errors import RulesError
from services.notify.rules import BANDS, Rules, load

WAYS: dict[str, Any] = {"duty": {"kind": "email", "to": ["duty@example.kz"]}}
PAGE = (Path(__file__).parents[2] / "docs" / "notify.md").read_text("utf-8")


def stated(*rules: dict[str, Any], ways: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"ways": ways or WAYS, "rules": [{"name": "r", "ways": ["duty"], **rule} for rule in rules]}


def test_the_example_of_the_page_is_understood() -> None:
    example = PAGE.partition("```yaml\n")[2].partition("```")[0]
    rules = Rules.model_validate(yaml_text.parse(example))
    assert {rule.kind for rule in rules.rules} == {"kpi", "band", "silent", "overdue", "ledger"}


def test_bands_are_the_orders() -> None:
    bands = load_catalogue().methodology.bands
    assert {name: bands[name].floor for name in BANDS} == BANDS


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (stated({"kind": "kpi", "under": 0.5}), "under"),
        (stated({"kind": "kpi", "below": 0.9, "recovered": 0.8}), "recovered"),
        (stated({"kind": "silent", "share": 0.1, "recovered": 0.2}), "recovered"),
        (stated({"kind": "band", "band": "low"}), "band"),
        (stated({"kind": "weather"}), "kind"),
        (stated({"kind": "ledger", "ways": ["nobody"]}), "nobody"),
        (stated({"kind": "ledger"}, {"kind": "overdue"}), "two rules are named r"),
        (stated({"kind": "ledger", "quiet": {"begin": "25:00", "end": "07:00"}}), "quiet"),
        (stated(ways={"duty": {"kind": "email", "to": []}}), "to"),
        (stated(ways={"duty": {"kind": "webhook", "url": "http://example.kz/"}}), "https"),
    ],
)
def test_a_slip_is_refused_with_its_place(wrong: dict[str, Any], named: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump(wrong), "utf-8")
    with pytest.raises(RulesError, match=named):
        load(file)


def test_the_command_tells_how_rules_are_understood(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    env = {
        "AHUAL_NOTIFY_RULES": str(file),
        "AHUAL_DATABASE_URL": "postgresql+asyncpg://x@127.0.0.1/x",
        "AHUAL_ALLOW_PLAINTEXT": "true",
        "AHUAL_LANG": "en",
    }

    def check(content: str) -> tuple[int, str]:
        file.write_text(content, "utf-8")
        done = CliRunner().invoke(build("notify"), ["notify", "check"], env=env)
        return done.exit_code, done.output

    good = check(yaml.safe_dump(stated({"kind": "kpi", "kpis": ["2.1"]})))
    assert good[0] == 0
    assert "r: kpi, *, 300 s → duty" in good[1]
    code, said = check(yaml.safe_dump(stated({"kind": "kpi", "kpis": ["99.1"]})))
    assert code != 0
    assert "99.1" in said
    code, said = check("rules: [")
    assert code == 2
    assert str(file) in said.replace("\n", "")
