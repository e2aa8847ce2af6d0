"""The trial of the deliveries: towns live through a span, every period is delivered under kills, and all of it is held
against the simulator's truth; then everything is made anew, and an event comes late."""

from __future__ import annotations

import asyncio
import math
import os
import random
import subprocess
import sys
import time
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from schemas.catalogue import Period
from schemas.delivery import Manifest
from services.cityscore.catalogue import load_catalogue
from services.export import verify
from services.export.deliveries import Maker, stored_rows
from services.export.folder import read_manifest
from services.export.schedule import Exporter
from services.runtime.database import open_database
from simulators.moments import milliseconds
from simulators.truths import windows
from tests.export import towns, truth
from tests.export.stored import KEY
from tests.export.towns import Span, Town
from tests.export.truth import Wrong

HOUR: Final = timedelta(hours=1)
PERIODS: Final = tuple(period.value for period in Period)


@dataclass(slots=True)
class Report:
    """What came of it."""

    events: int = 0
    deliveries: int = 0
    rows: int = 0
    numbers: int = 0
    kills: int = 0
    revisions: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    wrong: list[Wrong] = field(default_factory=list)

    def expect(self, place: str, what: str, expected: object, found: object) -> None:
        """Note it unless they are equal."""
        if expected != found:
            self.wrong.append(Wrong(place, "", what, str(expected)[:500], str(found)[:500]))


@dataclass(frozen=True, slots=True)
class Trial:
    """What it takes; the clock of every step stands still, `span.end` and some hours."""

    url: SecretStr
    folder: Path
    span: Span
    towns: Sequence[Town]
    kills: int
    seed: int = 469
    report: Report = field(default_factory=Report)

    def at(self, hours: int) -> datetime:
        """So long after the span."""
        return self.span.end + hours * HOUR

    def raw(self, town: Town) -> Path:
        """Its raw events, a line each."""
        return self.folder / f"{town.city.code}.ndjson"

    @property
    def first(self) -> Path:
        """Where deliveries are made under kills …"""
        return self.folder / "first"

    @property
    def again(self) -> Path:
        """… and where they are made anew."""
        return self.folder / "again"

    def live(self, town: Town) -> int:
        """Let a town live through the span, in a process of its own; how many events that were."""
        return asyncio.run(self._live(town))

    async def _live(self, town: Town) -> int:
        engine = open_database(self.url, pool_size=2, application="export-year", command_timeout_s=600)
        try:
            return await towns.live_through(engine, town, self.span, self.at(1), self.raw(town))
        finally:
            await engine.dispose()

    async def run(self) -> Report:
        """All steps, in order."""
        engine = open_database(self.url, pool_size=4, application="export-year", command_timeout_s=600)
        try:
            await self._timed("export, killed and repeated", self._export_under_kills(engine))
            await self._timed("made anew", self._make_anew(engine))
            self._whole()
            await self._timed("late event", self._come_late(engine))
        finally:
            await engine.dispose()
        return self.report

    async def _timed(self, what: str, step: Awaitable[None]) -> None:
        began = time.monotonic()
        await step
        self.report.seconds[what] = time.monotonic() - began

    async def _export_under_kills(self, engine: AsyncEngine) -> None:
        """The process is killed at random moments; what is seen between kills is whole; then a pass ends it."""
        rng, seen = random.Random(self.seed), set[Path]()
        while self.report.kills < self.kills and await asyncio.to_thread(self._killed, rng):
            self.report.kills += 1
            seen |= self._require_whole(set(verify.deliveries(self.first)) - seen)
        await exporter(engine, self.first).run(self.at(3))
        self._require_whole(set(verify.deliveries(self.first)) - seen)
        left = [path.name for path in self.first.rglob(".unfinished-*")]
        self.report.expect("first", "left by killed processes", [], left)
        before = digest(self.first)
        made = (await exporter(engine, self.first).run(self.at(4))).made
        self.report.expect("first", "made by another pass", 0, len(made))
        self.report.expect("first", "bytes after another pass", before, digest(self.first))

    def _killed(self, rng: random.Random) -> bool:
        """Whether a pass was killed before it was done; how long it lives is left to chance."""
        argv = (sys.executable, "-m", "tests.export.one_pass", self.at(3).isoformat())
        env = {
            "AHUAL_DATABASE_URL": self.url.get_secret_value(),
            "AHUAL_EXPORT_KEY_FILE": str(self._key()),
            "AHUAL_EXPORT_FOLDER": str(self.first),
        }
        with subprocess.Popen(argv, env={**os.environ, **env}, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()  # it has begun
            try:
                process.wait(rng.uniform(0.05, 4.0) ** 2 / 4)
            except subprocess.TimeoutExpired:
                process.kill()
                return True
        assert process.returncode == 0
        return False

    def _key(self) -> Path:
        path = self.folder / "export.key"
        path.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return path

    def _require_whole(self, places: set[Path]) -> set[Path]:
        for place in places:
            self.report.expect(
                str(place.relative_to(self.first)), "problems", [], verify.check(place, KEY.public_key())
            )
        return places

    async def _make_anew(self, engine: AsyncEngine) -> None:
        """As if the folder were lost: the same bytes come about again."""
        async with engine.begin() as connection:
            for table in (tables.delivery, tables.delivery_progress):
                await connection.execute(sa.delete(table))
        await exporter(engine, self.again).run(self.at(3))
        self.report.expect("again", "bytes", digest(self.first), digest(self.again))

    def _whole(self) -> None:
        """Every period of every town is there; what a town tells of the year before may bring more."""
        manifests = [read_manifest(place) for place in verify.deliveries(self.again)]
        there = {(one.city, one.period.value, milliseconds(one.end)) for one in manifests}
        for town in self.towns:
            for period in PERIODS:
                ends = [end for _, end in _periods(period, self.span, town.city.timezone)]
                missing = [end for end in ends if (town.city.code, period, end) not in there]
                self.report.expect(town.city.code, f"deliveries of a {period} that are missing", [], missing)
        self.report.deliveries, self.report.rows = len(manifests), sum(manifest.rows for manifest in manifests)

    def compare(self, town: Town) -> tuple[int, list[Wrong]]:
        """A town's first deliveries against the truth of its raw events."""
        past = truth.Past(town, self.raw(town).read_bytes().splitlines())
        places = verify.deliveries(self.again / town.city.code)
        return truth.compared(town, past, [place for place in places if place.name == "r0001"])

    async def _come_late(self, engine: AsyncEngine) -> None:
        """A call of the middle of the span is told after everything was delivered: it makes one revision of each period
        it changes, with the difference that the truth has, and nothing else."""
        town, before = self.towns[-1], digest(self.again)
        late = towns.late_call(town, milliseconds(self.span.begin + (self.span.end - self.span.begin) / 2))
        places = verify.deliveries(self.again / town.city.code)
        rows = sorted((row for place in places for row in stored_rows(place)), key=lambda row: row.begin)
        raw = self.raw(town).read_bytes().splitlines()
        past, after = truth.Past(town, raw), truth.Past(town, [*raw, late.payload])
        expected = truth.differing(past, after, rows, town.city.timezone)
        await towns.tell(engine, town, [late], self.at(5))
        await towns.close(engine, town, self.at(6))
        made = (await exporter(engine, self.again).run(self.at(8))).made
        revised = {(one.closed.name, one.revision) for one in made}
        self.report.expect(town.city.code, "revisions", {(name, 2) for name in expected}, revised)
        self.report.revisions = len(made)
        for one in made:
            manifest = read_manifest(self.again / one.city / one.closed.period.value / one.closed.name / "r0002")
            self._changes(manifest, expected.get(one.closed.name, {}))
        self.report.expect("again", "deliveries of before", before.items() & digest(self.again).items(), before.items())
        self.report.expect("again", "made after that", [], (await exporter(engine, self.again).run(self.at(9))).made)

    def _changes(self, manifest: Manifest, expected: dict[str, float | None]) -> None:
        found = {change.kpi: change.difference for change in manifest.changes}
        self.report.expect(manifest.name, "KPIs that changed", sorted(expected), sorted(found))
        for kpi, difference in expected.items():
            is_so = (
                found.get(kpi) is None
                if difference is None
                else math.isclose(found.get(kpi) or 0.0, difference, rel_tol=1e-9, abs_tol=1e-9)
            )
            self.report.expect(manifest.name, f"difference of {kpi}: {difference}, found {found.get(kpi)}", True, is_so)


def exporter(engine: AsyncEngine, root: Path) -> Exporter:
    """The schedule's, with a delay of an hour."""
    return Exporter(engine, Maker(load_catalogue(), root, KEY), HOUR)


def digest(root: Path) -> dict[str, str]:
    """Every file's SHA-256."""
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): sha256(path.read_bytes()).hexdigest() for path in files}


def _periods(period: str, span: Span, timezone: str) -> Iterator[tuple[int, int]]:
    """The calendar periods that hold some of the span and end with it or before."""
    begin, end = span.ms
    window = windows.calendar(period, begin, timezone)
    while window[1] <= end:
        yield window
        window = windows.calendar(period, window[1], timezone)
