"""Faults by name, who they hit, and what no contract lets in."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from random import Random

import pytest

from schemas.identity import Identity
from services.ingest.hash_keys import HashKeys
from services.ingest.pseudonyms import Pseudonyms
from services.ingest.validation import Accepted, Limits, Rejected, accept
from simulators.cities import CITIES
from simulators.facts import encode
from simulators.faults import ORDINARY, Faults, Frozen
from simulators.history import batches, plan
from simulators.malformed import malformed
from simulators.moments import HOUR, moment
from simulators.systems import SYSTEMS

BEGIN = 1_795_000_000_000
CITY = CITIES["taiynsha"]


def test_faults_by_name_and_amount() -> None:
    assert Faults.stated(["lateness=0.2", "drifting"]) == Faults(lateness=0.2, drifting=ORDINARY["drifting"])
    assert Faults.stated(["all"]) == Faults(**ORDINARY)
    assert not Faults.stated([]).any


@pytest.mark.parametrize("given", ["lightning", "lateness=2", "lateness=much"])
def test_what_is_no_fault_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match=r"lightning|2|much"):
        Faults.stated([given])


def test_faulty_devices_are_the_last_ones_and_never_all() -> None:
    faults = Faults(drifting=0.25, frozen=0.25, silent=0.25)
    assert faults.roles(["a", "b", "c", "d"]) == {"b": "drifting", "c": "frozen", "d": "silent"}
    assert faults.roles(["a"]) == {}


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_spoilt_message_is_refused_for_the_reason_it_says(system: str) -> None:
    rng = Random(1)
    reasons = set()
    for fact in SYSTEMS[system].facts(1, CITY, BEGIN, BEGIN + 48 * HOUR):
        payload, reason = malformed(CITY.code, fact, rng)
        identity = Identity(CITY.code, fact.system, fact.device)
        (outcome,) = accept(identity, payload, moment(BEGIN + 48 * HOUR), Limits())
        assert isinstance(outcome, Rejected), payload
        assert outcome.reason.value == reason
        reasons.add(reason)
        if len(reasons) == 6:
            return


def test_a_frozen_station_repeats_each_averaging_period_for_itself() -> None:
    devices: defaultdict[str, Frozen] = defaultdict(Frozen)
    said = defaultdict(set)
    for fact in SYSTEMS["environment"].facts(1, CITIES["almaty"], BEGIN, BEGIN + 48 * HOUR):
        if fact.kind != "environment.air-measured":
            continue
        frozen = devices[fact.device](fact)
        identity = Identity(CITY.code, fact.system, fact.device)
        (outcome,) = accept(identity, encode(CITY.code, frozen), moment(BEGIN + 72 * HOUR), Limits())
        assert isinstance(outcome, Accepted), outcome
        data = frozen.data
        said[fact.device, data["pollutant"], data["averaging"]].add(data["concentration_ng_m3"])
    assert {averaging for _, _, averaging in said} == {"20min", "24h"}
    assert {len(values) for values in said.values()} == {1}


def test_history_goes_in_batches_and_what_is_spoilt_goes_alone() -> None:
    facts = plan(CITY, SYSTEMS["heat"], 1, (BEGIN, BEGIN + 96 * HOUR), Faults(malformed=0.2), BEGIN)
    found = list(batches(facts, 10))
    spoilt = [batch for _, batch in found if batch[0].refusal]
    assert spoilt
    assert all(len(batch) == 1 for batch in spoilt)
    assert {len(batch) for _, batch in found[:-1] if not batch[0].refusal} == {10}


@pytest.mark.parametrize("system", SYSTEMS)
def test_with_every_fault_on_what_is_sent_still_keeps_its_contract(system: str) -> None:
    end = BEGIN + 24 * HOUR
    now = datetime.fromtimestamp(end / 1000, UTC)
    keys = Pseudonyms(HashKeys().with_new(now))
    messages = list(plan(CITY, SYSTEMS[system], 1, (BEGIN, end), Faults.stated(["all"]), BEGIN + 12 * HOUR))
    for message in messages:
        (outcome,) = accept(message.identity, message.payload, now, Limits(), pseudonyms=keys)
        assert isinstance(outcome, Rejected) is bool(message.refusal), outcome
