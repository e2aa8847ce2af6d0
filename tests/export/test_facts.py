"""Raw facts of a period: all of them, nothing of a person, and the same wherever they lie."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from schemas.catalogue import Period
from schemas.delivery import FACTS, FACTS_SCHEMA, MANIFEST
from schemas.events.registry import EVENT_TYPES
from schemas.facts import SHAREABLE
from schemas.personal import PSEUDONYM
from services.cityscore.catalogue import load_catalogue
from services.export import facts, folder, verify
from services.export.deliveries import Maker
from services.export.schedule import Exporter, Pass
from services.scorer.archive import Archive
from services.scorer.archiving import Archivist
from services.scorer.facts import FactReader
from services.scorer.measures import compile_measures
from simulators.moments import milliseconds
from tests.api.conftest import running
from tests.export import towns
from tests.export.stored import KEY
from tests.export.towns import Span, Town

SPAN = Span(datetime(2026, 11, 9, 19, tzinfo=UTC), datetime(2026, 11, 11, 19, tzinfo=UTC))
NOW = SPAN.end + timedelta(hours=1)
TOWN = towns.town(0, ("contact-centre", "parking", "settlement-centre", "water"))
OTHER = towns.town(1, ("water",))


@pytest.fixture
async def floors(database: AsyncEngine) -> AsyncIterator[None]:
    """Nothing is too old, and nothing was ever dropped."""
    table = tables.ledger_floor
    async with database.begin() as connection:
        before = (await connection.execute(sa.select(table))).mappings().all()
        begin = datetime(2026, 11, 9, tzinfo=UTC)
        await connection.execute(sa.update(table).values(floor=begin, first=begin, dropped=begin))
    yield
    async with database.begin() as connection:
        for row in before:
            await connection.execute(sa.update(table).where(table.c.event_class == row["event_class"]).values(**row))


@pytest.fixture
async def told(database: AsyncEngine, database_url: SecretStr, floors: None, tmp_path: Path) -> list[dict[str, Any]]:
    """The raw events of the town; another one lives beside it."""
    await towns.register(database_url, [TOWN, OTHER])
    for town in (TOWN, OTHER):
        await towns.live_through(database, town, SPAN, NOW, tmp_path / f"{town.city.code}.ndjson")
    return [json.loads(line) for line in (tmp_path / f"{TOWN.city.code}.ndjson").read_bytes().splitlines()]


def exporter(engine: AsyncEngine, root: Path, archive: Archive | None = None) -> Exporter:
    maker = Maker(load_catalogue(), root, KEY)
    return Exporter(engine, maker, timedelta(0), FactReader(engine, archive), (Period.DAY,))


def place(root: Path, day: str, revision: int = 1, town: Town = TOWN) -> Path:
    return folder.place(root, town.city.code, Period.DAY, day, revision, "facts")


def names(done: Pass) -> list[tuple[str, str, int]]:
    mine = [one for one in done.made if one.city == TOWN.city.code and one.closed.period == Period.DAY]
    return sorted((one.closed.name, one.kind, one.revision) for one in mine)


def shown(event: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """What is to be let out of a raw event."""
    return event["id"], event["type"], {k: v for k, v in event["data"].items() if k in SHAREABLE[event["type"]]}


def of_day(told: list[dict[str, Any]], begin: datetime) -> list[tuple[str, str, dict[str, Any]]]:
    inside = [e for e in told if begin <= datetime.fromisoformat(e["time"]) < begin + timedelta(days=1)]
    return sorted(map(shown, inside), key=lambda one: one[:2])


def read(path: Path) -> list[tuple[str, str, dict[str, Any]]]:
    rows = [(fact.id, fact.type, json.loads(fact.data or "null")) for fact in facts.read(path)]
    return sorted(rows, key=lambda one: one[:2])


@pytest.mark.stack
async def test_every_fact_of_the_period_and_nothing_of_a_person(
    database: AsyncEngine, database_url: SecretStr, told: list[dict[str, Any]], tmp_path: Path
) -> None:
    root = tmp_path / "out"
    done = await exporter(database, root).run(NOW)
    assert names(done) == [(d, k, 1) for d in ("2026-11-10", "2026-11-11") for k in ("facts", "kpis")]
    assert done.waiting == []
    for day, begin in (("2026-11-10", SPAN.begin), ("2026-11-11", SPAN.begin + timedelta(days=1))):
        found, expected = read(place(root, day) / FACTS), of_day(told, begin)
        assert [one[:2] for one in found] == [one[:2] for one in expected]
        assert [one[2].keys() for one in found] == [one[2].keys() for one in expected]
        assert verify.check(place(root, day), KEY.public_key()) == []
    raw = (place(root, "2026-11-10") / FACTS).read_bytes()
    text = json.dumps(pq.read_table(place(root, "2026-11-10") / FACTS).to_pylist(), default=str)
    assert any("plate" in event["data"] or "account" in event["data"] for event in told)  # there was something to hide
    assert not PSEUDONYM.search(text)
    assert '"x-personal"' not in (place(root, "2026-11-10") / FACTS_SCHEMA).read_text()
    await _revised(database, root, raw)
    await _guarded(database_url, root)


async def _revised(database: AsyncEngine, root: Path, raw: bytes) -> None:
    """A late fact that changes a KPI comes with the KPI's revision, beside the facts of before."""
    late = towns.late_call(TOWN, milliseconds(SPAN.begin) + 6 * 3_600_000)
    await towns.tell(database, TOWN, [late], NOW)
    await towns.close(database, TOWN, NOW + timedelta(hours=1))
    done = await exporter(database, root).run(NOW + timedelta(hours=2))
    assert names(done) == [("2026-11-10", "facts", 2), ("2026-11-10", "kpis", 2)]
    before, after = (list(facts.read(place(root, "2026-11-10", number) / FACTS)) for number in (1, 2))
    assert [fact.id for fact in after if fact not in before] == ["late"]
    assert (place(root, "2026-11-10") / FACTS).read_bytes() == raw
    second = folder.read_manifest(place(root, "2026-11-10", 2))
    assert second.previous == folder.digest(place(root, "2026-11-10") / MANIFEST)


async def _guarded(url: SecretStr, root: Path) -> None:
    """The evaluator's token opens facts and deliveries, the exporter's only these."""
    tokens: dict[str, Any] = {"exporter_token": SecretStr("sdu"), "evaluator_token": SecretStr("ministry")}
    async with running(url, export_folder=root, operator_token=SecretStr("centre"), **tokens) as api:
        for token, path, status in (
            ("sdu", "/api/v1/facts", 403),
            ("sdu", "/api/v1/exports", 200),
            ("ministry", "/api/v1/facts", 200),
            ("ministry", "/api/v1/exports", 200),
            ("ministry", "/api/v1/cities/town-00/dead-letters", 403),
            ("centre", "/api/v1/facts", 200),
        ):
            answer = await api.client.get(path, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == status, (token, path)
        headers = {"Authorization": "Bearer ministry"}
        listed = (await api.client.get("/api/v1/facts", params={"city": "town-00"}, headers=headers)).json()
        assert [one["revision"] for one in listed["deliveries"]] == [1, 1, 2]
        url_of = f"{listed['deliveries'][-1]['folder']}/{FACTS}"
        whole = (await api.client.get(url_of, headers=headers)).content
        assert whole == (place(root, "2026-11-10", 2) / FACTS).read_bytes()
        rest = await api.client.get(url_of, headers=headers | {"Range": f"bytes={len(whole) // 2}-"})
        assert (rest.status_code, rest.content) == (206, whole[len(whole) // 2 :])


@pytest.mark.stack
async def test_from_the_archive_they_are_the_same_bytes_and_without_it_there_are_none(
    database: AsyncEngine, told: list[dict[str, Any]], tmp_path: Path
) -> None:
    await exporter(database, tmp_path / "ledger").run(NOW)
    archive = Archive(tmp_path / "archive")
    later = datetime(2026, 11, 27, 12, tzinfo=UTC)  # by then the floor of telemetry has passed the first days
    known = {TOWN.city.code: TOWN.scored, OTHER.city.code: OTHER.scored}
    archivist = Archivist(database, archive, compile_measures(load_catalogue()), known, lambda: later)
    while await archivist.round():
        pass
    async with database.begin() as connection:
        for table in (tables.delivery, tables.delivery_progress):
            await connection.execute(sa.delete(table))
    without = await exporter(database, tmp_path / "without").run(NOW)
    assert {one.kind for one in without.made} == {"kpis"}
    assert any("AHUAL_ARCHIVE_FOLDER" in waiting for waiting in without.waiting)
    await exporter(database, tmp_path / "without", archive).run(NOW)
    for day in ("2026-11-10", "2026-11-11"):
        ledger, archived = (place(tmp_path / name, day) / FACTS for name in ("ledger", "without"))
        assert ledger.read_bytes() == archived.read_bytes()


def test_no_contract_marks_anything_personal_below_its_own_fields() -> None:
    """What is let out is chosen among an event's own fields."""
    for name, model in EVENT_TYPES.items():
        schema = model.model_json_schema()
        assert '"x-personal"' not in json.dumps(schema.get("$defs", {})), name
        for field in SHAREABLE[name]:
            assert '"x-personal"' not in json.dumps(schema["properties"][field]), (name, field)
