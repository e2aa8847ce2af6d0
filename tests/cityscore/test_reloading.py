"""A city's own KPIs are taken over while we run, and what is wrong with them is not."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest
import yaml

from services.cityscore.catalogue import load_catalogue
from services.cityscore.reloading import changed
from tests.cityscore.small import initiative, kpi
from tests.waiting import eventually

OWN = initiative(17, "ecology", [kpi("17.1", {"op": ">=", "value": 50})], levels={})


async def test_a_file_is_taken_over_changed_and_taken_away(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "river.yaml"
    changes = changed(load_catalogue(), tmp_path, every_s=0.01)

    async def next_codes() -> list[str]:
        async with asyncio.timeout(20):
            return [k.code for i in (await anext(changes)).additional for k in i.kpis]

    async def complained() -> bool:
        return "river.yaml:1" in str([getattr(record, "reason", "") for record in caplog.records])

    file.write_text(yaml.safe_dump(OWN), "utf-8")
    assert await next_codes() == ["17.1"]
    waiting = asyncio.create_task(next_codes())
    with caplog.at_level(logging.ERROR):
        file.write_text("number: many", "utf-8")
        await eventually(complained)
    assert not waiting.done()
    file.write_text(yaml.safe_dump({**OWN, "kpis": [*OWN["kpis"], kpi("17.2", None)]}), "utf-8")
    assert await waiting == ["17.1", "17.2"]
    file.unlink()
    assert await next_codes() == []


async def test_without_a_folder_nothing_changes() -> None:
    assert [loaded async for loaded in changed(load_catalogue(), None)] == []
