"""A city's sensors without an installation: their registry, and the packs they send.

python -m simulators.telemetry CITY --registry             the registry as CSV (`ahual device import`)
python -m simulators.telemetry CITY --minutes 60           a line of SenML per pack, CBOR as hexadecimal digits
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from typing import Final

from schemas.device import Device
from schemas.identity import Identity
from simulators import senml, sensors
from simulators.cities import CITIES, City
from simulators.facts import Fact
from simulators.moments import MINUTE
from simulators.streams import merged

SYSTEMS: Final = tuple(dict.fromkeys(sort.system for sort in sensors.SORTS))
_LEFT_OUT: Final = ("gateway", "sparkplug", "removed_on")


def devices(city: City) -> Iterator[Device]:
    """The registry: every sensor with its place, channels and interval."""
    for system in SYSTEMS:
        yield from sensors.registered(city, (Identity(city.code, system, name) for name in sensors.names(system, city)))


def packs(seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
    """Everything with begin <= time < end (ms since 1970), in order of time."""
    return merged([sensors.facts(system, seed, city, begin, end) for system in SYSTEMS])


def write_registry(city: City) -> None:
    """As the CSV that `ahual device import` takes."""
    writer = csv.writer(sys.stdout)
    names = [name for name in Device.model_fields if name not in _LEFT_OUT]
    writer.writerow(names)
    for device in devices(city):
        channels = "; ".join(f"{name}={one.quantity}" for name, one in device.channels.items() if one)
        row = device.model_dump() | {"channels": channels}
        writer.writerow(["" if row[name] is None else row[name] for name in names])


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("city", choices=sorted(CITIES))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--registry", action="store_true")
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--begin", type=int, default=1_772_409_600_000, help="ms since 1970")
    asked = parser.parse_args()
    city = CITIES[asked.city]
    if asked.registry:
        write_registry(city)
        return
    for fact in packs(asked.seed, city, asked.begin, asked.begin + asked.minutes * MINUTE):
        payload, content_type = senml.encode(fact)
        text = payload.decode() if content_type == senml.JSON else payload.hex()
        sys.stdout.write(f"{city.code}/{fact.system}/{fact.device}\t{content_type}\t{text}\n")


if __name__ == "__main__":
    main()
