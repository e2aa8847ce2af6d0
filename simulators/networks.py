"""What flows in a simulated city's water and heat networks: consumers take, pipes above carry the sum."""

from __future__ import annotations

from collections.abc import Iterator
from math import cos, pi
from random import Random
from typing import Final, NamedTuple

from schemas.device import Device, read_channels
from simulators.cities import City
from simulators.geography import Node, edge_of, network
from simulators.moments import DAY, HOUR

CHANNELS: Final = {
    "water": "Q=flow; P=pressure",
    "heat": "Q=flow; P=pressure; T1=supply_temperature; T2=return_temperature",
}
LOW: Final = 0.004
"""Probability that a consumer's pipe has too little pressure in an hour."""


class Measured(NamedTuple):
    """A reading of a pipe's device."""

    device: str
    name: str
    unit: str
    value: float


def devices(seed: int, city: City, name: str) -> Iterator[Device]:
    """A device on every pipe."""
    places = {node.id: node.place for node in network(seed, city, name)}
    for node in network(seed, city, name):
        if node.above:
            ends = (places[node.above], node.place)
            yield Device(
                city=city.code,
                system=name,
                device=edge_of(node),
                longitude=round((ends[0][0] + ends[1][0]) / 2, 5),
                latitude=round((ends[0][1] + ends[1][1]) / 2, 5),
                district=node.district,
                channels=read_channels(CHANNELS[name]),
                attached_kind="water_edge" if name == "water" else "heat_edge",
                attached_to=edge_of(node),
            )


def readings(seed: int, city: City, name: str, moment: int) -> Iterator[Measured]:
    """What all pipes measure at a moment (ms since 1970)."""
    nodes = network(seed, city, name)
    flows = _flows(seed, nodes, name, moment)
    depths: dict[str | None, int] = {None: -1}
    for node in nodes:
        depths[node.id] = depth = depths[node.above] + 1
        if node.above:
            rng = Random(f"{seed}/{node.id}/{moment}")
            yield Measured(edge_of(node), "Q", "m3/h", round(flows[node.id], 2))
            yield Measured(edge_of(node), "P", "kPa", _pressure(rng, seed, node, name, depth, moment))
            if name == "heat":
                yield Measured(edge_of(node), "T1", "Cel", round(98 - 3 * depth + rng.gauss(0, 0.6), 1))
                yield Measured(edge_of(node), "T2", "Cel", round(58 - 2 * depth + rng.gauss(0, 0.6), 1))


def _flows(seed: int, nodes: list[Node], name: str, moment: int) -> dict[str, float]:
    """m³/h into each node; the tree is listed from the source down, so it is summed from the end."""
    flows = dict.fromkeys((node.id for node in nodes), 0.0)
    for node in reversed(nodes):
        if node.role == "consumer":
            rng = Random(f"{seed}/{node.id}/{moment}")
            steady = 40 + Random(f"{seed}/{node.id}").uniform(0, 60)
            flows[node.id] = steady * (0.5 + demand(moment) if name == "water" else 1.0) * rng.gauss(1, 0.03)
        if node.above:
            flows[node.above] += flows[node.id]
    return flows


def demand(moment: int) -> float:
    """From 0 at night to 1 in the evening of UTC+5."""
    return (1 + cos(2 * pi * ((moment % DAY) / DAY - 14 / 24))) / 2


def _pressure(rng: Random, seed: int, node: Node, name: str, depth: int, moment: int) -> float:
    base = 520.0 if name == "water" else 900.0
    fall = 50 * depth + (60 * demand(moment) if name == "water" else 20)
    low = node.role == "consumer" and Random(f"{seed}/{node.id}/{moment // HOUR}").random() < LOW
    return round(max(20.0, base - fall - (280 if low and name == "water" else 0) + rng.gauss(0, 4)), 1)
