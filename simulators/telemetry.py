"""Sensors and meters of a city: their entries in the device registry, and the SenML packs they send.

    python -m simulators.telemetry CITY --registry             the registry as CSV (`ahual device import`)
    python -m simulators.telemetry CITY --minutes 10           a line of SenML per pack (`ahual device check --lines`)

Deterministic by seed: a device's pack of a moment is the same, however the range of time is cut.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from math import cos, pi
from random import Random
from typing import Any, Final, NamedTuple

import cbor2

from schemas.device import Attachment, Device, read_channels
from schemas.identity import Identity
from simulators.cities import CITIES, City
from simulators.moments import DAY, MINUTE

SPREAD: Final = 0.06
"""Degrees around the centre within which sensors stand."""
INSTALLED: Final = date(2026, 2, 1)
LABELS: Final = {"bver": -1, "bn": -2, "bt": -3, "n": 0, "u": 1, "v": 2, "vs": 3, "vb": 4, "t": 6}
"""Of the CBOR form (RFC 8428, section 6)."""
CBOR: Final = "application/senml+cbor"
JSON: Final = "application/senml+json"
Values = Callable[[Random, int, int], Mapping[str, tuple[str | None, float | bool]]]
"""From chance, moment (ms since 1970) and the device's number: what is read by name, with the unit that is sent."""


class Sort(NamedTuple):
    """A sort of sensor."""

    system: str
    name: str
    number: int
    """In a city of a million."""
    every: int
    """ms between two packs …"""
    samples: int
    """… and how many moments each holds."""
    channels: str
    values: Values
    cbor: bool = False
    attached: Attachment | None = None


class Pack(NamedTuple):
    """One message of one device."""

    identity: Identity
    due: int
    """When its newest reading was made, ms since 1970."""
    payload: bytes
    content_type: str
    readings: int


def _day(moment: int, peak_hour: float) -> float:
    """From 0 to 1 over the day, greatest at this hour of UTC."""
    return (1 + cos(2 * pi * ((moment % DAY) / DAY - peak_hour / 24))) / 2


def _air(rng: Random, moment: int, number: int) -> dict[str, tuple[str | None, float]]:
    day = _day(moment, 9)
    return {
        "T": ("Cel", round(-8 + 10 * day + rng.gauss(0, 0.3), 1)),
        "H": ("%RH", round(min(100.0, 75 - 25 * day + rng.gauss(0, 1)), 1)),
        "P": ("hPa", round(1012 + rng.gauss(0, 0.4), 1)),
        "PM2.5": ("ug/m3", round(max(0.0, 40 - 20 * day + number % 5 + rng.gauss(0, 3)), 1)),
        "PM10": ("ug/m3", round(max(0.0, 60 - 25 * day + rng.gauss(0, 4)), 1)),
        "NO2": ("ug/m3", round(max(0.0, 35 + rng.gauss(0, 4)), 1)),
    }


def _noise(rng: Random, moment: int, _number: int) -> dict[str, tuple[str | None, float]]:
    return {"LAeq": ("dB", round(42 + 22 * _day(moment, 7) + rng.gauss(0, 2), 1))}


def _water(rng: Random, moment: int, number: int) -> dict[str, tuple[str | None, float]]:
    return {
        "level": ("cm", round(180 + 6 * _day(moment, 3) + number % 9 + rng.gauss(0, 0.5), 1)),
        "pH": (None, round(7.4 + rng.gauss(0, 0.05), 2)),
        "NTU": ("NTU", round(abs(rng.gauss(2, 0.5)), 2)),
    }


def _soil(rng: Random, moment: int, number: int) -> dict[str, tuple[str | None, float]]:
    moisture = 0.22 + 0.02 * (number % 4) + 0.03 * _day(moment, 23) + rng.gauss(0, 0.004)
    return {"moisture": ("/", round(moisture, 4)), "temperature": ("K", round(276.15 + rng.gauss(0, 0.2), 2))}


def _traffic(rng: Random, moment: int, _number: int) -> dict[str, tuple[str | None, float]]:
    busy = _day(moment, 4)
    return {
        "n": ("count", rng.randrange(2, 6 + round(40 * busy))),
        "v": ("km/h", round(52 - 20 * busy + rng.gauss(0, 3), 1)),
    }


def _container(rng: Random, moment: int, number: int) -> dict[str, tuple[str | None, float | bool]]:
    filled = ((moment // MINUTE + 97 * number) % 2880) / 28.8
    return {"fill": ("%", round(min(100.0, filled), 1)), "lid": (None, rng.random() < 0.02)}


def _stop(rng: Random, moment: int, _number: int) -> dict[str, tuple[str | None, float | bool]]:
    return {
        "people": ("count", rng.randrange(0, 3 + round(15 * _day(moment, 4)))),
        "display": (None, rng.random() < 0.99),
    }


def _counter(per_hour: float, unit: str) -> Values:
    """A meter that only grows."""

    def read(_rng: Random, moment: int, number: int) -> dict[str, tuple[str | None, float]]:
        hours = (moment - 1_767_225_600_000) / 3_600_000
        return {"V": (unit, round(per_hour * (1 + number % 3) * hours + number, 3))}

    return read


SORTS: Final[tuple[Sort, ...]] = (
    Sort("environment", "air", 40, MINUTE, 4, "T=air_temperature; H=relative_humidity; P=air_pressure; PM2.5=pm2_5;"
         "PM10=pm10; NO2=nitrogen_dioxide", _air),
    Sort("environment", "noise", 30, MINUTE, 12, "LAeq=noise", _noise, cbor=True),
    Sort("water", "well", 20, 5 * MINUTE, 5, "level=water_level; pH=water_ph; NTU=turbidity", _water),
    Sort("greenery", "soil", 25, 10 * MINUTE, 2, "moisture=soil_moisture; temperature=soil_temperature", _soil,
         cbor=True),
    Sort("traffic", "loop", 60, MINUTE, 4, "n=vehicle_count; v=vehicle_speed", _traffic, cbor=True,
         attached="traffic_light"),
    Sort("waste", "bin", 200, 10 * MINUTE, 1, "fill=fill_level; lid=door_open", _container, cbor=True,
         attached="container_site"),
    Sort("smart-stops", "stop", 80, MINUTE, 2, "people=people_count; display=working", _stop, attached="stop"),
    Sort("electricity", "meter", 300, 15 * MINUTE, 3, "V=electric_energy", _counter(0.9, "kWh"),
         attached="building"),
    Sort("water", "meter", 300, 15 * MINUTE, 3, "V=water_volume", _counter(12, "l"), cbor=True, attached="building"),
    Sort("heat", "meter", 100, 15 * MINUTE, 3, "V=heat_energy", _counter(0.02, "Gcal"), attached="building"),
    Sort("gas", "meter", 100, 15 * MINUTE, 3, "V=gas_volume", _counter(0.3, "m3"), cbor=True, attached="building"),
)  # fmt: skip


def devices(seed: int, city: City) -> Iterator[Device]:
    """The registry: every sensor with its place, channels and interval."""

    for sort in SORTS:
        for number in range(_count(sort, city)):
            rng = Random(f"{seed}/{city.code}/{sort.system}/{sort.name}/{number}")
            yield Device(
                city=city.code,
                system=sort.system,
                device=f"{sort.name}-{number + 1}",
                label=f"{sort.name} {number + 1}",
                latitude=round(city.latitude + rng.uniform(-SPREAD, SPREAD), 5),
                longitude=round(city.longitude + rng.uniform(-SPREAD, SPREAD), 5),
                district=rng.choice(city.districts) if city.districts else None,
                channels=read_channels(sort.channels),
                attached_kind=sort.attached,
                attached_to=f"{sort.attached}-{number // 2 + 1}" if sort.attached else None,
                installed_on=INSTALLED,
                interval_s=sort.every / 1000,
            )


def packs(seed: int, city: City, begin: int, end: int) -> Iterator[Pack]:
    """Everything with begin <= due < end (ms since 1970), in order of time."""
    step = MINUTE
    for moment in range(-(-begin // step) * step, end, step):
        for sort in SORTS:
            if moment % sort.every == 0:
                for number in range(_count(sort, city)):
                    yield _pack(seed, city, sort, number, moment)


def _count(sort: Sort, city: City) -> int:
    return max(1, round(sort.number * city.volume))


def _pack(seed: int, city: City, sort: Sort, number: int, moment: int) -> Pack:
    identity = Identity(city.code, sort.system, f"{sort.name}-{number + 1}")
    rng = Random(f"{seed}/{identity}/{moment}")
    records: list[dict[str, Any]] = []
    for sample in reversed(range(sort.samples)):
        ago = sample * sort.every // sort.samples // 1000
        for name, (unit, value) in sort.values(rng, moment - ago * 1000, number).items():
            label = "vb" if isinstance(value, bool) else "v"
            records.append({"n": name, "u": unit, label: value, "t": -ago or None})
    first = {"bt": moment / 1000, **records[0]}
    kept = [{key: one for key, one in record.items() if one is not None} for record in (first, *records[1:])]
    if sort.cbor:
        payload = cbor2.dumps([{LABELS[key]: one for key, one in record.items()} for record in kept])
        return Pack(identity, moment, payload, CBOR, len(kept))
    return Pack(identity, moment, json.dumps(kept, separators=(",", ":")).encode(), JSON, len(kept))


def write_registry(seed: int, city: City) -> None:
    """As the CSV that `ahual device import` takes."""
    writer = csv.writer(sys.stdout)
    names = [name for name in Device.model_fields if name not in ("gateway", "alias", "sparkplug", "removed_on")]
    writer.writerow(names)
    channels = {sort.system + sort.name: sort.channels for sort in SORTS}
    for device in devices(seed, city):
        row = device.model_dump() | {"channels": channels[device.system + device.device.rpartition("-")[0]]}
        writer.writerow(["" if row[name] is None else row[name] for name in names])


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("city", choices=sorted(CITIES))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--registry", action="store_true")
    parser.add_argument("--minutes", type=int, default=1)
    parser.add_argument("--begin", type=int, default=1_772_409_600_000, help="ms since 1970")
    asked = parser.parse_args()
    city = CITIES[asked.city]
    if asked.registry:
        write_registry(asked.seed, city)
        return
    for pack in packs(asked.seed, city, asked.begin, asked.begin + asked.minutes * MINUTE):
        text = pack.payload.decode() if pack.content_type == JSON else pack.payload.hex()
        sys.stdout.write(f"{pack.identity}\t{pack.content_type}\t{text}\n")


if __name__ == "__main__":
    main()
