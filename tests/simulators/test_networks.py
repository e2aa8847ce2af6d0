"""The simulated networks: what their gateways send is taken whole, and what flows in flows on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.ingest.channels import accept_message
from services.ingest.registry import DeviceRegistry
from services.ingest.validation import Accepted, Limits
from simulators import gateways, geography, networks
from simulators.cities import CITIES
from simulators.moments import milliseconds
from simulators.senml import JSON

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)


@pytest.mark.parametrize("code", CITIES)
def test_every_pack_is_taken_whole(code: str) -> None:
    city = CITIES[code]
    known = DeviceRegistry(gateways.registry(1, city))
    taken = 0
    for identity, payload in gateways.packs(1, city, milliseconds(NOW)):
        (outcome,) = accept_message(identity, "senml", payload, NOW, Limits(), known, content_type=JSON)
        assert isinstance(outcome, Accepted), outcome
        taken += 1
    assert taken >= 2


def test_what_flows_into_a_node_flows_on() -> None:
    city = CITIES["karaganda"]
    read = {one.device: one.value for one in networks.readings(1, city, "water", milliseconds(NOW)) if one.name == "Q"}
    nodes = geography.network(1, city, "water")
    for node in nodes:
        below = [read[geography.edge_of(other)] for other in nodes if other.above == node.id]
        if node.above and below:
            assert read[geography.edge_of(node)] == pytest.approx(sum(below), abs=0.1)
