"""Service level objectives: `slo.yaml` as frozen models, and the rules that follow from them.

An error budget is what an objective leaves. It burns at rate 1 when it would just be used up after 30 days. Alerts
compare a long window, which says that it matters, and a short one, which says that it is still going on.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas import yaml_text

WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")
BURNS: Final = {
    "AhualErrorBudgetBurnsFast": ("critical", ((14.4, "1h", "5m"), (6, "6h", "30m"))),
    "AhualErrorBudgetBurns": ("warning", ((3, "1d", "2h"), (1, "3d", "6h"))),
}
"""Alert → severity, and (burn rate, long, short window).

The former: 2 % of the budget in an hour, 5 % in six. The latter: 10 % in a day, or in three.
"""


class Slo(BaseModel):
    """Events (bad of total, as rates) or time slices (0 or 1 at each moment)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    objective: float = Field(gt=0, lt=1)
    what: str
    bad: str | None = None
    total: str | None = None
    slices: str | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Slo:
        if (self.bad is None, self.total is None) not in ((True, True), (False, False)):
            raise ValueError("bad and total belong together")
        if (self.bad is None) == (self.slices is None):
            raise ValueError("either bad and total, or slices")
        return self

    def errors(self, name: str, window: str) -> str:
        """The expression of the share of errors in a window, 0…1; nothing where nothing happened."""
        if self.slices is not None:
            return f"avg_over_time(ahual:slo_slice:bool{{slo={name!r}}}[{window}])".replace("'", '"')
        bad, total = (str(one).replace("{window}", window) for one in (self.bad, self.total))
        return f"(({bad}) or 0 * ({total})) / (({total}) > 0)"


def load() -> dict[str, Slo]:
    """The objectives by name; ValidationError names what is wrong."""
    stated = yaml_text.parse((files("deploy") / "prometheus" / "slo.yaml").read_text("utf-8"))
    return {name: Slo.model_validate(one) for name, one in stated.items()}


def rules(slos: dict[str, Slo]) -> dict[str, Any]:
    """The content of Prometheus' rule file."""
    recorded = [rule for name, slo in slos.items() for rule in _recorded(name, slo)]
    left = {
        "record": "ahual:slo_budget_left:ratio30d",
        "expr": "1 - ahual:slo_errors:ratio_rate30d / on (slo) ahual:slo_budget:ratio",
    }
    return {
        "groups": [
            {"name": "ahual-slo", "rules": [*recorded, left]},
            {"name": "ahual-slo-burn", "rules": [_alert(name, *how) for name, how in BURNS.items()]},
        ]
    }


def _recorded(name: str, slo: Slo) -> list[dict[str, Any]]:
    labels = {"slo": name}
    budget = {"record": "ahual:slo_budget:ratio", "expr": f"vector({1 - slo.objective:g})", "labels": labels}
    slices = [{"record": "ahual:slo_slice:bool", "expr": slo.slices, "labels": labels}] if slo.slices else []
    ratios = [
        {"record": f"ahual:slo_errors:ratio_rate{window}", "expr": slo.errors(name, window), "labels": labels}
        for window in WINDOWS
    ]
    return [budget, *slices, *ratios]


def _alert(name: str, severity: str, pairs: tuple[tuple[float, str, str], ...]) -> dict[str, Any]:
    burning = (
        " and ".join(
            f"ahual:slo_errors:ratio_rate{window} > on (slo) ({factor:g} * ahual:slo_budget:ratio)" for window in both
        )
        for factor, *both in pairs
    )
    return {
        "alert": name,
        "expr": " or ".join(f"({one})" for one in burning),
        "labels": {"severity": severity},
        "annotations": {
            "summary": "{{ $labels.slo }}: {{ $value | humanizePercentage }} errors use up 30 days' budget too soon",
            "description": "docs/slo.md says what counts as an error, and what the budget is.",
            "runbook": f"docs/runbooks/{name}.md",
        },
    }
