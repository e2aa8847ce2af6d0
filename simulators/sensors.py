"""Sensors and meters of a city: what they read, as facts, and their entries in the device registry.

A fact is a pack of readings, each in the unit in which its quantity is kept. What a device says in its own words and
units is in `senml.py`. The conversions here are the simulator's own: the truth must not lean on the gateway's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from math import cos, pi
from random import Random
from typing import Any, Final, NamedTuple
from zlib import crc32

from schemas.device import Attachment, Device, read_channels
from schemas.identity import Identity
from simulators.cities import City
from simulators.facts import Fact
from simulators.moments import DAY, HOUR, MINUTE
from simulators.streams import merged, slotted

READINGS: Final = "telemetry.readings-reported"
SPREAD: Final = 0.06
"""Degrees around the centre within which sensors stand."""
INSTALLED: Final = date(2026, 2, 1)
DIGITS: Final = 9
"""Decimal places of a kept value."""
Values = Callable[[Random, int, int], Mapping[str, float | bool]]
"""From chance, moment (ms since 1970) and the device's number: what is read, by name and in the unit that is sent."""


class Channel(NamedTuple):
    """What a sensor measures: `sent × times + plus` is the value in the unit that is kept."""

    name: str
    """As the device calls it."""
    quantity: str
    kept: str | None
    sent: str | None
    """As its messages say; None: they don't."""
    times: float = 1.0
    plus: float = 0.0


class Sort(NamedTuple):
    """A sort of sensor."""

    system: str
    name: str
    number: int
    """In a city of volume 1."""
    every: int
    """ms between two packs …"""
    samples: int
    """… and how many moments each holds."""
    channels: tuple[Channel, ...]
    values: Values
    cbor: bool = False
    attached: Attachment | None = None


def _day(moment: int, peak_hour: float) -> float:
    """From 0 to 1 over the day, greatest at this hour of UTC."""
    return (1 + cos(2 * pi * ((moment % DAY) / DAY - peak_hour / 24))) / 2


def _air(rng: Random, moment: int, number: int) -> dict[str, float | bool]:
    day = _day(moment, 9)
    return {
        "T": round(-8 + 10 * day + rng.gauss(0, 0.3), 1),
        "H": round(min(100.0, 75 - 25 * day + rng.gauss(0, 1)), 1),
        "P": round(1012 + rng.gauss(0, 0.4), 1),
        "PM2.5": round(max(0.0, 40 - 20 * day + number % 5 + rng.gauss(0, 3)), 1),
        "PM10": round(max(0.0, 60 - 25 * day + rng.gauss(0, 4)), 1),
        "NO2": round(max(0.0, 35 + rng.gauss(0, 4)), 1),
    }


def _noise(rng: Random, moment: int, _number: int) -> dict[str, float | bool]:
    return {"LAeq": round(42 + 22 * _day(moment, 7) + rng.gauss(0, 2), 1)}


def _well(rng: Random, moment: int, number: int) -> dict[str, float | bool]:
    return {
        "level": round(180 + 6 * _day(moment, 3) + number % 9 + rng.gauss(0, 0.5), 1),
        "pH": round(7.4 + rng.gauss(0, 0.05), 2),
        "NTU": round(abs(rng.gauss(2, 0.5)), 2),
    }


def _soil(rng: Random, moment: int, number: int) -> dict[str, float | bool]:
    moisture = 0.22 + 0.02 * (number % 4) + 0.03 * _day(moment, 23) + rng.gauss(0, 0.004)
    return {"moisture": round(moisture, 4), "temperature": round(276.15 + rng.gauss(0, 0.2), 2)}


def _loop(rng: Random, moment: int, _number: int) -> dict[str, float | bool]:
    busy = _day(moment, 4)
    return {"n": rng.randrange(2, 6 + round(40 * busy)), "v": round(32 - 8 * busy + rng.gauss(0, 2), 1)}


def _bin(rng: Random, moment: int, number: int) -> dict[str, float | bool]:
    filled = ((moment // MINUTE + 97 * number) % 2880) / 28.8
    return {"fill": round(min(100.0, filled), 1), "lid": rng.random() < 0.02}


def _display(rng: Random, moment: int, _number: int) -> dict[str, float | bool]:
    return {"people": rng.randrange(0, 3 + round(15 * _day(moment, 4))), "display": rng.random() < 0.99}


def _meter(per_hour: float, _rng: Random, moment: int, number: int) -> dict[str, float | bool]:
    """It only grows, since 2020."""
    hours = (moment - 1_577_836_800_000) / HOUR
    return {"V": round(per_hour * (1 + number % 3) * hours + number, 3)}


_AIR: Final = (
    Channel("T", "air_temperature", "Cel", "Cel"),
    Channel("H", "relative_humidity", "%RH", "%RH"),
    Channel("P", "air_pressure", "Pa", "hPa", times=100),
    Channel("PM2.5", "pm2_5", "ug/m3", "ug/m3"),
    Channel("PM10", "pm10", "ug/m3", "ug/m3"),
    Channel("NO2", "nitrogen_dioxide", "ug/m3", "ug/m3"),
)
_WELL: Final = (
    Channel("level", "water_level", "m", "cm", times=0.01),
    Channel("pH", "water_ph", "pH", None),
    Channel("NTU", "turbidity", "NTU", "NTU"),
)
_SOIL: Final = (
    Channel("moisture", "soil_moisture", "%", "/", times=100),
    Channel("temperature", "soil_temperature", "Cel", "K", plus=-273.15),
)
_LOOP: Final = (
    Channel("n", "vehicle_count", "count", "count"),
    Channel("v", "vehicle_speed", "m/s", "km/h", times=1 / 3.6),
)
_BIN: Final = (Channel("fill", "fill_level", "%", "%"), Channel("lid", "door_open", None, None))
_DISPLAY: Final = (Channel("people", "people_count", "count", "count"), Channel("display", "working", None, None))


def _metered(system: str, number: int, channel: Channel, per_hour: float, *, cbor: bool = False) -> Sort:
    """A building's meter."""
    return Sort(system, "meter", number, HOUR, 2, (channel,), partial(_meter, per_hour), cbor, "building")


SORTS: Final[tuple[Sort, ...]] = (
    Sort("environment", "air", 3, 30 * MINUTE, 3, _AIR, _air),
    Sort("environment", "noise", 2, 30 * MINUTE, 6, (Channel("LAeq", "noise", "dB", "dB"),), _noise, cbor=True),
    Sort("water", "well", 2, HOUR, 4, _WELL, _well),
    Sort("greenery", "soil", 3, HOUR, 2, _SOIL, _soil, cbor=True),
    Sort("traffic", "loop", 4, 15 * MINUTE, 3, _LOOP, _loop, cbor=True, attached="traffic_light"),
    Sort("waste", "bin", 6, HOUR, 1, _BIN, _bin, cbor=True, attached="container_site"),
    Sort("smart-stops", "display", 3, 30 * MINUTE, 3, _DISPLAY, _display, attached="stop"),
    _metered("electricity", 5, Channel("V", "electric_energy", "Wh", "kWh", times=1000), 0.9),
    _metered("water", 4, Channel("V", "water_volume", "m3", "l", times=0.001), 12, cbor=True),
    _metered("heat", 3, Channel("V", "heat_energy", "Wh", "Gcal", times=1_163_000), 0.02),
    _metered("gas", 3, Channel("V", "gas_volume", "m3", "m3"), 0.3, cbor=True),
)
_OF_SYSTEM: Final = {name: [sort for sort in SORTS if sort.system == name] for name in {sort.system for sort in SORTS}}


def names(system: str, city: City) -> tuple[str, ...]:
    """A system's sensors in a city."""
    return tuple(name for sort in _OF_SYSTEM.get(system, ()) for name, _ in _own(sort, city))


def sort_of(system: str, channel: str) -> tuple[Sort, Channel]:
    """What measures under this name in a system; KeyError when nothing does."""
    for sort in _OF_SYSTEM.get(system, ()):
        for known in sort.channels:
            if known.name == channel:
                return sort, known
    raise KeyError(system, channel)


def facts(system: str, seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
    """All packs of a system with begin <= time < end (ms since 1970), in order."""
    sorts = _OF_SYSTEM.get(system, ())
    return merged([slotted(begin, end, partial(_in_slot, seed, city, sort), life=0, slot=sort.every) for sort in sorts])


def _in_slot(seed: int, city: City, sort: Sort, slot: int) -> Iterator[Fact]:
    for name, number in _own(sort, city):
        # Devices are not synchronised; a whole second, because packs say so many seconds ago.
        moment = slot * sort.every + crc32(f"{sort.system}/{name}".encode()) % (sort.every // 1000) * 1000
        yield _pack(seed, city, sort, name, number, moment)


def _own(sort: Sort, city: City) -> Iterator[tuple[str, int]]:
    for number in range(max(1, round(sort.number * city.volume))):
        yield f"{sort.name}-{number + 1}", number


def _pack(seed: int, city: City, sort: Sort, name: str, number: int, moment: int) -> Fact:
    rng = Random(f"{seed}/{city.code}/{sort.system}/{name}/{moment}")
    readings = [
        _reading(channel, value, moment - ago)
        for ago in _agos(sort)
        for value_of in (sort.values(rng, moment - ago, number),)
        for channel in sort.channels
        for value in (value_of[channel.name],)
    ]
    place = {"district": where} if (where := _district(Identity(city.code, sort.system, name), city)) else {}
    code = f"s{seed}-{name}-{moment // 1000}"
    return Fact(moment, code, name, READINGS, {**place, "readings": readings}, sort.system)


def _agos(sort: Sort) -> list[int]:
    """How long before the pack its moments are, the oldest first; whole seconds, in ms."""
    return [sample * sort.every // sort.samples // 1000 * 1000 for sample in reversed(range(sort.samples))]


def _reading(channel: Channel, value: float | bool, time: int) -> dict[str, Any]:
    kept = {"channel": channel.name, "quantity": channel.quantity, "time": time}
    if isinstance(value, bool):
        return {**kept, "flag": value}
    return {**kept, "unit": channel.kept, "value": round(value * channel.times + channel.plus, DIGITS)}


def _district(identity: Identity, city: City) -> str | None:
    return city.districts[crc32(str(identity).encode()) % len(city.districts)] if city.districts else None


def alias(system: str, device: str) -> str:
    """What a device's names begin with in its messages."""
    return f"{system}.{device}/"


def registered(city: City, identities: Iterable[Identity]) -> Iterator[Device]:
    """The registry's entries of those who report in systems with sensors; a crowd's devices have all channels."""
    for identity in identities:
        sorts = _OF_SYSTEM.get(identity.system, [])
        named = [sort for sort in sorts if identity.device.startswith(f"{sort.name}-")]
        if named:
            yield _sensor(identity, city, named[0])
        elif sorts and identity.device.startswith("load-"):
            yield _entry(identity, sorts)


def _entry(identity: Identity, sorts: Iterable[Sort], **more: Any) -> Device:
    named = alias(identity.system, identity.device)
    return Device(**identity._asdict(), alias=named, channels=read_channels(channels(sorts)), **more)


def _sensor(identity: Identity, city: City, sort: Sort) -> Device:
    rng = Random(str(identity))
    return _entry(
        identity,
        [sort],
        label=identity.device.replace("-", " "),
        latitude=round(city.latitude + rng.uniform(-SPREAD, SPREAD), 5),
        longitude=round(city.longitude + rng.uniform(-SPREAD, SPREAD), 5),
        district=_district(identity, city),
        attached_kind=sort.attached,
        attached_to=f"{sort.attached}-{rng.randrange(1, 1000)}" if sort.attached else None,
        installed_on=INSTALLED,
        interval_s=sort.every / 1000,
    )


def channels(sorts: Iterable[Sort]) -> str:
    """As a table of devices says it."""
    return "; ".join(f"{channel.name}={channel.quantity}" for sort in sorts for channel in sort.channels)
