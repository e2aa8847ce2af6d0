"""`ahual source`: what is declared and what is forgotten, in the real database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr, ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from schemas import tables
from schemas.identity import Identity
from services.cli.main import build
from services.cli.source import SourcesFile, UnknownCityError, apply_sources, forget_source
from tests.api.heard import hear
from tests.api.samples import NOW

METER = {"city": "karaganda", "system": "heat", "device": "meter-1", "interval_s": 60}


def file(*entries: dict[str, Any]) -> SourcesFile:
    return SourcesFile.model_validate({"sources": entries})


async def declared(engine: AsyncEngine) -> list[tuple[Any, ...]]:
    async with engine.connect() as connection:
        rows = await connection.execute(sa.select(tables.source_registry).order_by(tables.source_registry.c.device))
        return [tuple(row) for row in rows]


@pytest.mark.stack
async def test_intervals_are_declared_and_changed(database: AsyncEngine, database_url: SecretStr) -> None:
    system = {name: METER[name] for name in ("city", "system", "interval_s")}
    await apply_sources(database_url, file(METER, system))
    await apply_sources(database_url, file({**METER, "interval_s": 5.5}))
    assert await declared(database) == [("karaganda", "heat", "", 60.0), ("karaganda", "heat", "meter-1", 5.5)]


@pytest.mark.stack
async def test_a_file_with_an_unknown_city_changes_nothing(database: AsyncEngine, database_url: SecretStr) -> None:
    with pytest.raises(UnknownCityError, match="atlantis"):
        await apply_sources(database_url, file(METER, {**METER, "city": "atlantis"}))
    assert await declared(database) == []


@pytest.mark.stack
async def test_a_forgotten_source_is_gone_until_it_reports(database: AsyncEngine, database_url: SecretStr) -> None:
    await apply_sources(database_url, file(METER))
    await hear(database, "heat/meter-1", NOW, times=1)
    await hear(database, "heat/meter-2", NOW, times=1)
    meter = Identity("karaganda", "heat", "meter-1")
    assert await forget_source(database_url, meter)
    assert not await forget_source(database_url, meter)
    assert await declared(database) == []
    async with database.connect() as connection:
        assert (await connection.execute(sa.text("SELECT device FROM v_source"))).scalars().all() == ["meter-2"]
    await hear(database, "heat/meter-1", NOW, times=1)
    async with database.connect() as connection:
        assert (await connection.execute(sa.text("SELECT count(*) FROM v_source"))).scalar() == 2


@pytest.mark.parametrize("wrong", [{"interval_s": 0}, {"interval": 5}, {"device": "A b"}, {"interval_s": float("inf")}])
def test_a_wrong_entry_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        file({**METER, **wrong})


def test_a_wrong_file_is_one_message_and_exit_2(tmp_path: Path) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text("sources: [{city: karaganda}]", "utf-8")
    result = CliRunner().invoke(build("source"), ["source", "apply", str(path)])
    assert (result.exit_code, "cannot be read as a list of sources" in result.output) == (2, True)
    assert CliRunner().invoke(build("source"), ["source", "forget", "no-name"]).exit_code == 2
