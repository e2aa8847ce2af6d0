"""Is a delivery what its sender signed? That takes the folder and the public key of the sender, and no database."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from schemas.delivery import FACTS, MANIFEST, PARQUET, SIGNATURE, DeliveryRow, Manifest
from schemas.personal import PSEUDONYM
from services.export import facts, folder, formats
from services.export.errors import DamagedError
from services.export.signing import is_signed


class Finding(NamedTuple):
    """One thing that is wrong; `problem` is the key of its text in `schemas/messages/export.yaml`."""

    path: Path
    problem: str


def deliveries(root: Path) -> list[Path]:
    """Every delivery at or below a folder."""
    return sorted(path.parent for path in root.rglob(MANIFEST) if not path.parent.name.startswith("."))


def check(place: Path, key: Ed25519PublicKey | None) -> list[Finding]:
    """What is wrong with a delivery; nothing when it is whole."""
    try:
        manifest = folder.read_manifest(place)
    except DamagedError:
        return [Finding(place / MANIFEST, "unreadable")]
    found = [Finding(place / name, "differs") for name in folder.problems(place, manifest.files)]
    if key is not None and not _signed(place, key):
        found.append(Finding(place / SIGNATURE, "not_signed"))
    return found or _contents(place, manifest)


def _signed(place: Path, key: Ed25519PublicKey) -> bool:
    try:
        return is_signed(key, (place / SIGNATURE).read_bytes(), (place / MANIFEST).read_bytes())
    except OSError:
        return False


def _contents(place: Path, manifest: Manifest) -> list[Finding]:
    return _facts(place, manifest) if manifest.kind == "facts" else _kpis(place, manifest)


def _kpis(place: Path, manifest: Manifest) -> list[Finding]:
    """Whether all three formats say the same rows, and those are the manifest's."""
    try:
        rows = formats.from_parquet((place / PARQUET).read_bytes())
    except (pa.ArrowException, ValidationError):
        return [Finding(place / PARQUET, "unreadable")]
    expected = formats.to_files(rows)
    wrong = [name for name in expected if name != PARQUET and (place / name).read_bytes() != expected[name]]
    if len(rows) != manifest.rows or any(not _belongs(row, manifest) for row in rows):
        wrong.append(MANIFEST)
    return [Finding(place / name, "contradicts") for name in wrong]


def _belongs(row: DeliveryRow, manifest: Manifest) -> bool:
    return (row.city, row.period, row.name, row.end) == (manifest.city, manifest.period, manifest.name, manifest.end)


def _facts(place: Path, manifest: Manifest) -> list[Finding]:
    """Whether they are the manifest's, of its period, and say nothing of a person."""
    prefix, count, wrong = f"/{manifest.city}/", 0, set[str]()
    try:
        for fact in facts.read(place / FACTS):
            count += 1
            if not (fact.source.startswith(prefix) and manifest.begin <= fact.time < manifest.end):
                wrong.add("contradicts")
            if fact.data is not None and PSEUDONYM.search(fact.data):
                wrong.add("personal")
    except (OSError, pa.ArrowException, TypeError):
        return [Finding(place / FACTS, "unreadable")]
    if count != manifest.rows:
        wrong.add("contradicts")
    return [Finding(place / FACTS, problem) for problem in sorted(wrong)]
