"""Which windows a KPI has at an instant."""

from __future__ import annotations

from datetime import datetime

import pytest

from schemas.catalogue import Kpi
from services.cityscore.catalogue import load_catalogue
from services.scorer.recomputing import TRAILING, windows_of
from services.scorer.tiers import is_kept
from services.scorer.types import City

KPIS = {kpi.code: kpi for initiative in load_catalogue().initiatives for kpi in initiative.kpis}
NOW = datetime.fromisoformat("2026-11-22T18:59:30+00:00")
"""Half a minute before Monday begins in the city."""


def city(timezone: str = "Asia/Almaty") -> City:
    return City("karaganda", "regional", timezone, 0)


def test_names_and_edges() -> None:
    found = {(one.kind, one.name): one for one in windows_of(KPIS["2.1"], city(), NOW, scored=True)}
    assert [name for kind, name in found if kind == "trailing"] == list(TRAILING)
    running = [name for kind, name in found if kind == "running"]
    assert running == ["2026-11-22", "2026-W47", "2026-11", "2026-Q4", "2026"]
    closed = [name for kind, name in found if kind == "closed"]
    assert closed == ["2026-11-21", "2026-W46", "2026-10", "2026-Q3", "2025"]
    week = found["running", "2026-W47"].asked
    assert week.window.begin == datetime.fromisoformat("2026-11-16T00:00:00+05:00")
    assert week.window.end == datetime.fromisoformat("2026-11-23T00:00:00+05:00")
    five = found["trailing", "5min"].asked
    assert (five.window.end, five.before.end) == (week.window.end, five.window.begin)
    assert {(kind, name) for (kind, name), one in found.items() if one.enters} == {
        ("trailing", "24h"),
        ("closed", "2026-11-21"),
    }


@pytest.mark.parametrize("zone", ["Asia/Almaty", "Europe/Berlin", "Asia/Kolkata"])
@pytest.mark.parametrize("kpi", [KPIS["2.1"], KPIS["1.9"], KPIS["1.20"]], ids=["mean", "cohort", "change"])
def test_every_window_can_be_read(kpi: Kpi, zone: str) -> None:
    for one in windows_of(kpi, city(zone), NOW, scored=False):
        assert one.enters is None
        assert is_kept(one.asked.window, zone, NOW), one
        assert is_kept(one.asked.before, zone, NOW), one
        assert one.asked.window.begin <= one.asked.window.end


def test_a_change_is_not_shown_to_date_and_cases_leave_the_running_minute_out() -> None:
    assert "running" not in {one.kind for one in windows_of(KPIS["1.20"], city(), NOW, scored=True)}
    ends = {one.asked.window.end for one in windows_of(KPIS["1.9"], city(), NOW, scored=True) if one.kind != "closed"}
    assert ends == {NOW.replace(second=0)}
