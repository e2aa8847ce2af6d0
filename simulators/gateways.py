"""A simulated city's network sensors, behind one gateway for water and one for heat: live, over MQTT.

Each gateway has one account, `{city}/{network}/telemetry`, and names its sensors' channels `{pipe}/{channel}`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final

from schemas.device import Device
from schemas.identity import Identity
from simulators import networks
from simulators.cities import City
from simulators.moments import MINUTE, milliseconds
from simulators.publisher import PersistentPublisher
from simulators.senml import JSON

NAME: Final = "telemetry"
READINGS: Final = 400
"""In one pack, at most."""
EVERY: Final = MINUTE
PAST_EVERY: Final = 10 * MINUTE
"""As fine as the map's past."""
IN_FLIGHT: Final = 20


def identities(city: City) -> list[Identity]:
    """The gateways."""
    return [Identity(city.code, system, NAME) for system in networks.CHANNELS]


def registry(seed: int, city: City) -> Iterator[Device]:
    """Each gateway, then everything behind it; the gateway is the one that is expected to report."""
    for system in networks.CHANNELS:
        yield Device(city=city.code, system=system, device=NAME, label=NAME, interval_s=EVERY / 1000)
        for device in networks.devices(seed, city, system):
            yield device.model_copy(update={"gateway": NAME, "alias": f"{device.device}/"})


def packs(seed: int, city: City, moment: int) -> Iterator[tuple[Identity, bytes]]:
    """What the gateways send at a moment (ms since 1970): SenML, with absolute time."""
    for system in networks.CHANNELS:
        read = networks.readings(seed, city, system, moment)
        found = [{"n": f"{one.device}/{one.name}", "u": one.unit, "v": one.value} for one in read]
        for begin in range(0, len(found), READINGS):
            pack = [{"bt": moment / 1000, **found[begin]}, *found[begin + 1 : begin + READINGS]]
            yield Identity(city.code, system, NAME), json.dumps(pack, separators=(",", ":")).encode()


async def send(
    seed: int,
    city: City,
    host: str,
    port: int,
    passwords: Mapping[Identity, str],
    clock: Callable[[], datetime],
    past_ms: int = 0,
) -> None:
    """The last `past_ms` coarsely, then every minute as it comes, until cancelled."""
    gateways = {
        name: PersistentPublisher(host, port, name, secret, _ignore, version=5) for name, secret in passwords.items()
    }
    now = milliseconds(clock())
    moments = range((now - past_ms) // PAST_EVERY * PAST_EVERY + PAST_EVERY, now, PAST_EVERY)
    try:
        for moment in moments:
            await _send(gateways, packs(seed, city, moment))
        moment = now // EVERY * EVERY
        while True:
            await _send(gateways, packs(seed, city, moment))
            moment += EVERY
            await asyncio.sleep(max(0.0, (moment - milliseconds(clock())) / 1000))
    finally:
        for gateway in gateways.values():
            await gateway.close()


async def _send(gateways: Mapping[Identity, PersistentPublisher], messages: Iterator[tuple[Identity, bytes]]) -> None:
    for identity, payload in messages:
        await gateways[identity].send(payload, 0.0, IN_FLIGHT, JSON)
        await asyncio.sleep(0)


def _ignore(_payload: bytes, _sent: float) -> None:
    """Nobody counts them."""
