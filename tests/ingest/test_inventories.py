"""What the registry reports of itself: counted on the day, once, only where the city vouches for it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.device import Device
from schemas.events.reference import TotalReported
from schemas.events.registry import CONTRACTS
from schemas.inventories import Inventories, load_inventories
from schemas.tables import complete_total, registered_object
from services.cityscore.catalogue import load_catalogue
from services.ingest import register
from services.ingest.errors import UnconfirmedError
from services.ingest.inventories import report

TOTALS = load_inventories().totals
NOW = datetime(2026, 3, 10, 20, tzinfo=UTC)
"""In Karaganda it is the 11th already."""


class Kafka:
    """Confirms, or not."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.confirms = True

    async def confirm(self, items: list[tuple[str, bytes, bytes]], _timeout_s: float) -> None:
        if not self.confirms:
            raise UnconfirmedError
        for topic, key, value in items:
            event = json.loads(value)
            CONTRACTS[event["type"]].model_validate_json(value)
            assert (topic, f"/{key.decode()}") == ("ahual.events.v1", event["source"])
            self.events.append(event)

    @property
    def told(self) -> dict[str, int]:
        return {event["data"]["name"]: event["data"]["total"] for event in self.events}


@pytest.fixture
async def stocked(database: AsyncEngine) -> AsyncEngine:
    """Three meters in two buildings, one of them taken out; three buildings, two of them on the water network."""

    def meter(number: int, building: str, **fields: Any) -> Device:
        kind = {"attached_kind": "building", "attached_to": building}
        return Device(city="karaganda", system="water", device=f"m-{number}", **kind, **fields)

    gone, coming = {"removed_on": date(2026, 3, 11)}, {"installed_on": date(2026, 3, 12)}
    meters = [meter(1, "a"), meter(2, "a"), meter(3, "b", **gone), meter(4, "c", **coming)]
    await register.put(database, meters, "tests")
    buildings: list[dict[str, Any]] = [
        {"city": "karaganda", "kind": "building", "object": "a", "networks": ["water", "heat"], "latitude": 49.8,
         "longitude": 73.1},
        {"city": "karaganda", "kind": "building", "object": "b", "networks": ["water"]},
        {"city": "karaganda", "kind": "building", "object": "c", "networks": ["heat"]},
    ]  # fmt: skip
    async with database.begin() as connection:
        for building in buildings:
            await connection.execute(sa.insert(registered_object).values(building))
    return database


async def vouch(database: AsyncEngine, *totals: str, since: date = date(2026, 3, 1)) -> None:
    async with database.begin() as connection:
        rows = [{"city": "karaganda", "total": total, "since": since} for total in totals]
        await connection.execute(sa.insert(complete_total), rows)


def test_every_total_is_read_by_a_kpi_of_its_system() -> None:
    read: dict[str, set[str]] = {}
    for initiative in load_catalogue().initiatives:
        for kpi in initiative.kpis:
            for _, part in kpi.measure.parts():
                for term in (*part.numerator, *part.base):
                    if term.event == TotalReported.type_name:
                        read.setdefault(str(term.where[0].equals), set()).add(initiative.system)
    for name, inventory in TOTALS.items():
        assert inventory.system in read[name], name


@pytest.mark.parametrize(
    "inventory",
    [
        {"system": "water"},
        {"system": "water", "attached": "building", "objects": "building"},
        {"system": "water", "attached": "building", "network": "water"},
        {"system": "water", "objects": "moon"},
    ],
)
def test_a_wrong_file_is_refused(inventory: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Inventories.model_validate({"totals": {"a": inventory}})


@pytest.mark.stack
async def test_nothing_is_reported_that_nobody_vouches_for(stocked: AsyncEngine) -> None:
    kafka = Kafka()
    assert await report(stocked, kafka, TOTALS, NOW) == 0  # type: ignore[arg-type]
    await vouch(stocked, "buildings_on_heat", since=date(2026, 3, 12))
    assert await report(stocked, kafka, TOTALS, NOW) == 0  # type: ignore[arg-type]


@pytest.mark.stack
async def test_totals_are_those_of_the_citys_day_and_told_once(stocked: AsyncEngine) -> None:
    kafka = Kafka()
    await vouch(stocked, "buildings_smart_water", "buildings_on_water", "buildings_on_heat")
    assert await report(stocked, kafka, TOTALS, NOW) == 3  # type: ignore[arg-type]
    assert kafka.told == {"buildings_smart_water": 1, "buildings_on_water": 2, "buildings_on_heat": 2}
    event = next(event for event in kafka.events if event["data"]["name"] == "buildings_smart_water")
    assert (event["source"], event["id"]) == ("/karaganda/water/registry", "buildings_smart_water-2026-03-11")
    assert event["time"] == event["data"]["as_of"] == "2026-03-10T19:00:00Z"
    assert await report(stocked, kafka, TOTALS, NOW + timedelta(hours=1)) == 0  # type: ignore[arg-type]
    assert await report(stocked, kafka, TOTALS, NOW + timedelta(days=1)) == 3  # type: ignore[arg-type]
    assert kafka.told["buildings_smart_water"] == 2, "one was installed"


@pytest.mark.stack
async def test_what_kafka_did_not_confirm_is_told_again_under_the_same_identity(stocked: AsyncEngine) -> None:
    kafka = Kafka()
    await vouch(stocked, "buildings_on_water")
    kafka.confirms = False
    with pytest.raises(UnconfirmedError):
        await report(stocked, kafka, TOTALS, NOW)  # type: ignore[arg-type]
    kafka.confirms = True
    assert await report(stocked, kafka, TOTALS, NOW) == 1  # type: ignore[arg-type]


@pytest.mark.stack
async def test_what_is_no_longer_vouched_for_ends_at_0(stocked: AsyncEngine) -> None:
    kafka = Kafka()
    await vouch(stocked, "buildings_on_water")
    await report(stocked, kafka, TOTALS, NOW)  # type: ignore[arg-type]
    async with stocked.begin() as connection:
        await connection.execute(sa.delete(complete_total))
    assert await report(stocked, kafka, TOTALS, NOW + timedelta(days=1)) == 1  # type: ignore[arg-type]
    assert kafka.told == {"buildings_on_water": 0}
    assert await report(stocked, kafka, TOTALS, NOW + timedelta(days=2)) == 0  # type: ignore[arg-type]
