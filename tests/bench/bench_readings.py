"""Readings in packs of 50: at the gateway (CPU time of its judgement), and from a backlog in Kafka to committed state.

Prints tables, asserts no time. `python -m tests.bench.bench_readings [PACKS] [--dry]`; --dry leaves the servers out.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any, Final

import cbor2
import sqlalchemy as sa
import yaml

from deploy.stack import Stack
from schemas.device import Device, read_channels
from schemas.events.telemetry import ReadingsReported
from schemas.identity import Identity
from schemas.topics import EVENTS
from services.cityscore.catalogue import load_catalogue
from services.ingest.channels import accept_message
from services.ingest.registry import DeviceRegistry
from services.ingest.validation import Accepted, Limits
from services.runtime.clock import utc_now
from services.runtime.kafka import open_producer
from services.scorer.activity import observe
from services.scorer.decoding import RecordDecoder
from services.scorer.fold import fold
from services.scorer.measures import compile_measures
from services.scorer.types import City, Record
from tests.bench.progress import follow
from tests.bench.replay import passed, reading, running
from tests.bench.say import say, tell
from tests.bench.stacks import bench_stack, empty, register
from tests.bench.tables import table

READINGS: Final = 50
DEVICES: Final = 200
CITY: Final = "karaganda"
LABELS: Final = {"bn": -2, "bt": -3, "n": 0, "u": 1, "v": 2, "t": 6}
CHANNELS: Final = "T=air_temperature; H=relative_humidity; P=air_pressure[hPa]; PM=pm2_5; N=noise"
NAMES: Final = (("T", None, -12.5), ("H", "%RH", 71.0), ("P", "hPa", 1013.25), ("PM", "ug/m3", 38.5), ("N", "dB", 54.0))
_EACH: Final[dict[str, Any]] = {"event": ReadingsReported.type_name, "each": "readings"}


def _of(quantity: str, **test: Any) -> dict[str, Any]:
    where = [{"field": "quantity", "equals": quantity}, *([{"field": "value", **test}] if test else [])]
    return {**_EACH, "where": where}


MEASURES: Final[dict[str, dict[str, Any]]] = {
    "17.1": {
        "kind": "mean",
        "numerator": [{**_of("pm2_5"), "value": {"field": "value", "scale": 1000}}],
        "scale": 1000,
    },
    "17.2": {"kind": "share", "numerator": [_of("noise", at_most=55)], "denominator": [_of("noise")]},
    "17.3": {"kind": "count", "numerator": [_of("air_temperature", at_most=0)]},
    "17.4": {"kind": "count", "numerator": [_EACH]},
}
"""Two are looked for among all readings, one counts each of them."""


def main(packs: int, *, dry: bool) -> None:
    """Everything once."""
    bodies = gateway(packs)
    with TemporaryDirectory() as folder:
        own_kpis(Path(folder))
        scorer(bodies, Path(folder))
        if not dry:
            with bench_stack() as stack:
                register(stack, [CITY])
                asyncio.run(replay(stack, bodies, Path(folder)))


def registry() -> DeviceRegistry:
    """The devices of the bench."""
    names = (f"mast-{number}" for number in range(DEVICES))
    channels = read_channels(CHANNELS)
    return DeviceRegistry(
        Device(city=CITY, system="environment", device=n, district="kazybek-bi", channels=channels) for n in names
    )


def pack(number: int, begin: datetime) -> list[dict[str, Any]]:
    """A device's last ten samples of five sensors."""
    moment = (begin + timedelta(seconds=number // DEVICES * 10)).timestamp()
    records: list[dict[str, Any]] = []
    for second in range(READINGS // len(NAMES)):
        for name, unit, value in NAMES:
            record = {"n": name, "u": unit, "v": value + (number + second) % 7, "t": -second}
            records.append({key: one for key, one in record.items() if one not in (None, 0) or key == "v"})
    records[0] |= {"bt": moment}
    return records


def gateway(packs: int) -> list[tuple[Identity, bytes]]:
    """What judging costs; the events."""
    known, now = registry(), utc_now()
    begin = now - timedelta(seconds=packs // DEVICES * 10 + 60)
    made = [(Identity(CITY, "environment", f"mast-{n % DEVICES}"), pack(n, begin)) for n in range(packs)]
    as_json = [(identity, json.dumps(records).encode()) for identity, records in made]
    as_cbor = [(i, cbor2.dumps([{LABELS[k]: v for k, v in r.items()} for r in records])) for i, records in made]
    rows, bodies = [], []
    for form, messages in (("JSON", as_json), ("CBOR", as_cbor)):
        started = process_time()
        outcomes = [accept_message(i, "senml", payload, now, Limits(), known) for i, payload in messages]
        seconds = process_time() - started
        bodies = [(one.identity, one.body) for (one,) in outcomes if isinstance(one, Accepted)]
        if len(bodies) != packs:
            raise SystemExit(f"only {len(bodies)} of {packs} packs were accepted: {outcomes[0]}")
        size = sum(len(payload) for _, payload in messages) // packs
        rows.append((form, size, round(seconds / packs * 1e6), round(packs * READINGS / seconds)))
    say(
        table(
            f"Gateway: judging packs of {READINGS}, CPU time",
            ("form", "bytes", "µs per pack", "readings/s per core"),
            rows,
        )
    )
    return bodies


def own_kpis(folder: Path) -> None:
    """Four KPIs of the city's own that read telemetry."""
    words = {"kk": "x", "ru": "x", "en": "x"}
    common = {"name": words, "formula": words, "note": words, "unit": "count", "period": "day", "weight": 1}
    common |= {"source": words, "system": words}
    common |= {"targets": {"republican": None, "regional": {"op": ">=", "value": 1}, "district": None}}
    kpis = [{"code": code, **common, "measure": measure} for code, measure in MEASURES.items()]
    file = {"number": 17, "system": "air", "name": words, "section": "ecology", "levels": {}, "kpis": kpis}
    (folder / "17-air.yaml").write_text(yaml.safe_dump(file), "utf-8")


def scorer(bodies: list[tuple[Identity, bytes]], folder: Path) -> None:
    """What decoding, folding and watching channels cost in the scorer's process."""
    compiled = compile_measures(load_catalogue(own=folder))
    cities = {CITY: City(CITY, "regional", "Asia/Almaty", 0)}
    records = [Record(n, body, 1) for n, (_, body) in enumerate(bodies)]
    rows = []
    decoded, rejected = [], []

    def timed(name: str, work: Callable[[], Any]) -> Any:
        started = process_time()
        found = work()
        seconds = process_time() - started
        rows.append((name, round(seconds / len(records) * 1e6, 1), round(len(records) * READINGS / seconds)))
        return found

    decoded, rejected = timed("decode", lambda: RecordDecoder().decode(records, {CITY}))
    if rejected:
        raise SystemExit(rejected[0].detail)
    timed("fold", lambda: fold(decoded, compiled, cities, utc_now()))
    timed("observe, every channel", lambda: observe(decoded, records, utc_now()))
    say(table("Scorer, CPU time alone", ("step", "µs per pack", "readings/s per core"), rows))


async def replay(stack: Stack, bodies: list[tuple[Identity, bytes]], folder: Path) -> None:
    """One scorer process on a backlog of packs."""
    await empty(stack)
    producer = open_producer(stack.kafka_bootstrap, client_id="bench")
    await producer.start()
    for identity, body in bodies:
        await producer.send(EVENTS, body, key=identity.key)
    await producer.stop()
    tell(f"{len(bodies):,} packs in Kafka")
    async with reading(stack) as engine:
        with running(stack, ("scorer-1",), {"AHUAL_CATALOGUE_FOLDER": str(folder)}):
            run = await follow(stack, passed(engine), len(bodies), ("scorer-1",))
        counted = sa.text("SELECT sum(numerator)::bigint FROM part_day WHERE kpi = '17.4'")
        async with engine.connect() as connection:
            found = int(await connection.scalar(counted) or 0)
    cpu = run.usage.cpu
    row = (
        len(bodies),
        round(run.seconds, 1),
        round(run.rate),
        round(run.rate * READINGS),
        cpu["scorer-1"],
        cpu["postgres"],
    )
    head = ("packs", "seconds", "packs/s", "readings/s", "scorer cores", "PostgreSQL cores")
    say(table("From Kafka to committed state, ledger included", head, [row]))
    if found != len(bodies) * READINGS:
        raise SystemExit(f"{found} readings were counted of {len(bodies) * READINGS}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packs", type=int, nargs="?", default=20_000)
    parser.add_argument("--dry", action="store_true")
    asked = parser.parse_args()
    main(asked.packs, dry=asked.dry)
