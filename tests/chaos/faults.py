"""What can go wrong in a trial, drawn from a seed: data only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from random import Random
from typing import Final, Literal

from tests.chaos.sessions import LONGEST_S

Kind = Literal["kill", "pause", "restart", "cut", "stall", "lose_commit", "join", "hang", "away", "full", "clock"]
"""kill -9; SIGSTOP and SIGCONT; an orderly stop and start; a connection reset and refused, or held up; a COMMIT whose
answer never arrives; a second member that comes, is killed, comes back and leaves; one that comes and takes over from
the first, which is held (SIGSTOP); a server that is stopped for long; a disk without room; a process whose clock is
wrong."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, so long after the load began."""

    kind: Kind
    target: str
    """A program, or for cut, stall and lose_commit a route of `tests.chaos.wiring`."""
    after_s: float
    for_s: float = 0.0

    @property
    def name(self) -> str:
        """For the table."""
        lasting = f" {self.for_s:.0f} s" if self.for_s else ""
        return f"{self.kind} {self.target}{lasting}"

    @property
    def ends_s(self) -> float:
        """When it is over, seconds after the load began."""
        return self.after_s + self.for_s


OVER_AT_HALF: Final = ("hang",)
"""Kinds whose recovery counts from the middle: then the other member is alone."""
_PROGRAMS: Final = ("ingest", "scorer", "api", "kafka", "mosquitto", "postgres")
ROUTES: Final = ("devices-mqtt", "ingest-mqtt", "clients-kafka", "ingest-postgres", "scorer-postgres", "api-postgres")

MENU: Final[tuple[tuple[Kind, str, tuple[float, float]], ...]] = (
    # What a killed Mosquitto loses of what it acknowledged is stated and measured apart (tests.chaos broker).
    *(("kill", program, (0.0, 0.0)) for program in _PROGRAMS if program != "mosquitto"),
    *(("kill", program, (0.0, 0.0)) for program in ("ingest", "scorer", "scorer")),
    *(("restart", program, (0.0, 0.0)) for program in ("mosquitto", "kafka", "postgres", "scorer", "ingest")),
    *(("pause", program, (2.0, 6.0)) for program in _PROGRAMS),
    ("pause", "scorer", (12.0, 14.0)),  # longer than the group's session time-out of 10 s
    *(("cut", route, (0.0, 4.0)) for route in ROUTES),
    *(("stall", route, (2.0, 5.0)) for route in ROUTES),
    ("lose_commit", "scorer-postgres", (2.0, 2.0)),
    ("lose_commit", "scorer-postgres", (2.0, 2.0)),
    ("join", "scorer", (8.0, 10.0)),
    ("join", "ingest", (8.0, 10.0)),
)


def _pauses(groups: Iterable[tuple[str, ...]], *, first_s: float = 4.0, between_s: float = 30.0) -> Iterator[Fault]:
    """The programs of each group held at once, each for a tenth longer than anybody waits for it, group by group."""
    for group in groups:
        held = [Fault("pause", program, first_s, round(1.1 * LONGEST_S[program], 1)) for program in group]
        yield from held
        first_s = max(fault.ends_s for fault in held) + between_s


SCENARIOS: Final[Mapping[str, tuple[Fault, ...]]] = {
    "paused": tuple(_pauses((program,) for program in LONGEST_S)),
    "paused-together": tuple(_pauses(combinations(LONGEST_S, 2))),
    "taken-over": tuple(Fault("hang", "scorer", 4.0 + 120 * n, 100.0) for n in range(3)),
    "kafka-away": (Fault("away", "kafka", 5.0, 600.0),),
    "postgres-away": (Fault("away", "postgres", 5.0, 120.0),),
    "disk-full": (
        Fault("full", "kafka", 3.0, 15.0),
        Fault("full", "postgres", 40.0, 15.0),
        Fault("full", "mosquitto", 80.0, 15.0),
    ),
    "clock": tuple(Fault("clock", service, 4.0 + 8 * n, 5.0) for n, service in enumerate(("ingest", "scorer", "api"))),
}
"""What takes too long, or too much preparation, for a trial among many; `topic-recreated` and `burst` stand apart."""


def draw(seed: int) -> tuple[Fault, ...]:
    """One fault, or two at once or soon after each other in two trials of five.

    The first follows the menu, so that as many seeds in a row as it has lines have had everything.
    """
    rng = Random(f"chaos/{seed}")
    first = _fault(rng, *MENU[seed % len(MENU)], after_s=2 + 2 * rng.random())
    if rng.random() >= 0.4:
        return (first,)
    others = [line for line in MENU if line[1] != first.target]
    return (first, _fault(rng, *rng.choice(others), after_s=first.after_s + 3 * rng.random()))


def kills(seed: int, number: int, duration_s: float) -> tuple[Fault, ...]:
    """Gateway and scorer killed so often, each at random within its own stretch of the load, both at least once."""
    rng = Random(f"chaos/kills/{seed}")
    stretch = duration_s * 0.9 / max(1, number)
    victims = [("ingest", "scorer")[n % 2] if n < 2 else rng.choice(("ingest", "scorer")) for n in range(number)]
    rng.shuffle(victims)
    moments = [round((n + 0.2 + 0.6 * rng.random()) * stretch, 2) for n in range(number)]
    return tuple(Fault("kill", victim, moment) for victim, moment in zip(victims, moments, strict=True))


def _fault(rng: Random, kind: Kind, target: str, lasts: tuple[float, float], *, after_s: float) -> Fault:
    return Fault(kind, target, round(after_s, 2), round(rng.uniform(*lasts), 1))
