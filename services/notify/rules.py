"""What people want to be told, as data: ways, and rules that use them.

A YAML file (`AHUAL_NOTIFY_RULES`). A rule has two limits, so that a value that dances around one of them is news once:
it is raised beyond the first and cleared within the second.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas import yaml_text
from services.notify.errors import RulesError
from services.runtime.messages import Language

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
Band = Literal["excellent", "good", "average", "below_average"]
BANDS: Final[Mapping[Band, float]] = {"excellent": 90, "good": 75, "average": 60, "below_average": 45}
"""Least total of each band (annex 5)."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Quiet(_Frozen):
    """From one time of the day to another, the city's own, also over midnight; what is raised meanwhile waits."""

    begin: time
    end: time


class EmailWay(_Frozen):
    """A mail to each address."""

    kind: Literal["email"]
    to: Annotated[tuple[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")], ...], Field(min_length=1)]
    language: Language = "kk"


class WebhookWay(_Frozen):
    """A signed POST; `http://` is for this machine only."""

    kind: Literal["webhook"]
    url: str
    language: Language = "kk"

    @model_validator(mode="after")
    def _private(self) -> WebhookWay:
        parts = urlsplit(self.url)
        if parts.scheme != "https" and (
            parts.scheme != "http" or parts.hostname not in ("127.0.0.1", "::1", "localhost")
        ):
            raise ValueError("an https:// address is needed")
        return self


Way = Annotated[EmailWay | WebhookWay, Field(discriminator="kind")]


class _Rule(_Frozen):
    name: Name
    ways: Annotated[tuple[Name, ...], Field(min_length=1)]
    cities: tuple[str, ...] = ()
    """Codes; none: every city."""
    wait_s: float = Field(default=300, ge=0)
    """So long it has to be bad before it is raised, and good before it is cleared, in s."""
    again_s: float | None = Field(default=86_400, ge=60)
    """Reminded after so long, in s; null: never."""
    quiet: Quiet | None = None

    def bad(self, value: float) -> bool:
        """Beyond the first limit."""
        raise NotImplementedError

    def good(self, value: float) -> bool:
        """Within the second limit."""
        raise NotImplementedError


class _Least(_Rule):
    """Bad below."""

    def limits(self) -> tuple[float, float]:
        """Raised below the first, cleared from the second on."""
        raise NotImplementedError

    def bad(self, value: float) -> bool:
        return value < self.limits()[0]

    def good(self, value: float) -> bool:
        return value >= self.limits()[1]


class _Most(_Rule):
    """Bad above."""

    def limits(self) -> tuple[float, float]:
        """Raised above the first, cleared up to the second."""
        return 0, 0

    def bad(self, value: float) -> bool:
        return value > self.limits()[0]

    def good(self, value: float) -> bool:
        return value <= self.limits()[1]


class KpiRule(_Least):
    """A KPI falls below its target: its attainment (1: met) is below `below`."""

    kind: Literal["kpi"]
    kpis: tuple[str, ...] = ()
    """Codes; none: every scored KPI."""
    below: float = Field(default=0.95, gt=0, le=1)
    recovered: float = Field(default=1.0, gt=0, le=1)

    @model_validator(mode="after")
    def _in_order(self) -> KpiRule:
        if self.recovered < self.below:
            raise ValueError("recovered must not be less than below")
        return self

    def limits(self) -> tuple[float, float]:
        return self.below, self.recovered


class BandRule(_Least):
    """The city's index falls out of a band: its total is below the band's least; cleared `margin` points above it."""

    kind: Literal["band"]
    band: Band
    margin: float = Field(default=0.5, ge=0, le=10)

    def limits(self) -> tuple[float, float]:
        return BANDS[self.band], BANDS[self.band] + self.margin


class SilentRule(_Most):
    """Sources of a system are silent: more than a share of them."""

    kind: Literal["silent"]
    systems: tuple[str, ...] = ()
    share: float = Field(default=0.2, ge=0, lt=1)
    recovered: float = Field(default=0.1, ge=0, lt=1)

    @model_validator(mode="after")
    def _in_order(self) -> SilentRule:
        if self.recovered > self.share:
            raise ValueError("recovered must not be more than share")
        return self

    def limits(self) -> tuple[float, float]:
        return self.share, self.recovered


class OverdueRule(_Most):
    """Deliveries to SDU are overdue."""

    kind: Literal["overdue"]


class LedgerRule(_Most):
    """Records of Kafka are not accounted for. It concerns the installation, not a city: `cities` has no meaning."""

    kind: Literal["ledger"]


Rule = Annotated[KpiRule | BandRule | SilentRule | OverdueRule | LedgerRule, Field(discriminator="kind")]


class Rules(_Frozen):
    """The file."""

    ways: Mapping[Name, Way]
    rules: tuple[Rule, ...]

    @model_validator(mode="after")
    def _fitting(self) -> Rules:
        names = [rule.name for rule in self.rules]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"two rules are named {', '.join(sorted(twice))}")
        if lost := {way for rule in self.rules for way in rule.ways} - self.ways.keys():
            raise ValueError(f"no way is named {', '.join(sorted(lost))}")
        return self


def load(path: Path) -> Rules:
    """The rules of a file. Raises RulesError, which names file, place and what is wrong."""
    try:
        return Rules.model_validate(yaml_text.parse(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RulesError("bad_rules", file=path, problem=str(error).replace("\n", " ")) from error
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False))
        raise RulesError("bad_rules", file=path, problem=found) from error
