"""From facts to the messages that leave the devices, faults included."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from random import Random
from typing import Final, NamedTuple

from schemas.identity import Identity
from simulators import senml
from simulators.facts import Fact, encode
from simulators.faults import DRIFT, Faults, Frozen, shifted
from simulators.malformed import malformed
from simulators.sensors import READINGS

DISORDER: Final = 400
"""Places by which a message may come after its turn."""
LATENESS: Final = (2_000, 20_000)
"""The same of a late one."""


class Turn(NamedTuple):
    """A fact, and when it is its turn to be sent."""

    fact: Fact
    due: int
    """In ms since 1970."""
    recorded: int | None
    """When the departmental system had it; None for history."""


class Message(NamedTuple):
    """One message, as a device sends it."""

    identity: Identity
    payload: bytes
    due: int
    refusal: str = ""
    """The reason why it must be refused; empty: it is to be taken."""
    content_type: str = ""
    """Of SenML; empty: events."""
    counts_as: bytes = b""
    """The event that a pack must become; empty: the payload is the event."""


Roles = Mapping[Identity, str]
"""Which devices drift, are frozen or silent."""


def roles(identities: Iterable[Identity], faults: Faults) -> Roles:
    """The faulty devices of each system."""
    systems: dict[str, list[Identity]] = {}
    for identity in identities:
        systems.setdefault(identity.system, []).append(identity)
    found: dict[Identity, str] = {}
    for own in systems.values():
        names = {one.device: one for one in own}
        found |= {names[device]: role for device, role in faults.roles(list(names)).items()}
    return found


def messages(
    city: str, turns: Iterable[Turn], faults: Faults, faulty: Roles, rng: Random, silent_from: int
) -> Iterator[Message]:
    """Everything that is sent, in the order of sending; silent devices are so from `silent_from` (ms since 1970) on."""
    waiting: list[tuple[int, int, Message]] = []
    for number, message in enumerate(_in_order(city, turns, faults, faulty, rng, silent_from)):
        place = number + _later(faults, rng)
        heapq.heappush(waiting, (place, 2 * number, message))
        if faults.duplicates and rng.random() < faults.duplicates:
            heapq.heappush(waiting, (place + rng.randrange(1, 2 * DISORDER), 2 * number + 1, message))
        while waiting and waiting[0][0] <= number:
            yield heapq.heappop(waiting)[2]
    while waiting:
        yield heapq.heappop(waiting)[2]


def _later(faults: Faults, rng: Random) -> int:
    if faults.lateness and rng.random() < faults.lateness:
        return rng.randrange(*LATENESS)
    return rng.randrange(1, DISORDER) if faults.disorder and rng.random() < faults.disorder else 0


def _in_order(
    city: str, turns: Iterable[Turn], faults: Faults, faulty: Roles, rng: Random, silent_from: int
) -> Iterator[Message]:
    sequences: dict[Identity, int] = {}
    frozen: dict[Identity, Frozen] = {}
    for turn in turns:
        fact, recorded = turn.fact, turn.recorded
        identity = Identity(city, fact.system, fact.device)
        role = faulty.get(identity, "")
        if role == "silent" and turn.due >= silent_from:
            continue
        # A pack has no number: SenML knows none.
        as_pack = fact.kind == READINGS and recorded is not None
        sequence = sequences.get(identity, 0)
        if not as_pack:
            sequences[identity] = sequence = sequence + 1
        if faults.loss and rng.random() < faults.loss:
            continue
        if role == "frozen":
            fact = frozen.setdefault(identity, Frozen())(fact)
        elif role == "drifting":
            fact = shifted(fact, DRIFT)
            recorded = recorded and recorded + DRIFT
        if as_pack:
            yield _packed(identity, fact, turn.due)
        else:
            counted = sequence if recorded is not None else None
            yield Message(identity, encode(city, fact, recorded=recorded, sequence=counted), turn.due)
        if faults.malformed and rng.random() < faults.malformed:
            yield Message(identity, *_spoilt(city, fact, rng, turn.due))


def _packed(identity: Identity, fact: Fact, due: int) -> Message:
    """A device's own pack; which event it becomes follows from its bytes, so that the same bytes are the same event."""
    pack = senml.encode(fact)
    named = fact._replace(id=sha256(pack.payload).hexdigest())
    return Message(identity, pack.payload, due, content_type=pack.content_type, counts_as=encode(identity.city, named))


def _spoilt(city: str, fact: Fact, rng: Random, due: int) -> tuple[bytes, int, str]:
    payload, reason = malformed(city, fact, rng)
    return payload, due, reason


def spread(facts: Iterable[Fact], device: Callable[[int, Fact], str]) -> Iterator[Fact]:
    """The facts as those of other devices: `device(number, fact)` names them."""
    for number, fact in enumerate(facts):
        yield fact._replace(device=device(number, fact))
