"""The deliveries on disk: `{city}/{period}/{name}/r0001/`, written whole or not at all, and never changed.

A delivery is made in a hidden folder beside its place, brought to disk, and renamed. What a killed process leaves is
hidden, and swept by the next one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path
from tempfile import mkdtemp
from typing import IO, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from schemas.catalogue import Period
from schemas.delivery import MANIFEST, SIGNATURE, SUMS, DeliveredFile, Kind, Manifest, relative
from services.export.errors import DamagedError

_UNFINISHED: Final = ".unfinished-"


def place(root: Path, city: str, period: Period, name: str, revision: int, kind: Kind = "kpis") -> Path:
    """Where a delivery is."""
    return root / relative(city, period, name, revision, kind)


def described(made: Path, rows: Mapping[str, int]) -> tuple[DeliveredFile, ...]:
    """The manifest's entries of the files in a folder, in order of name."""
    return tuple(
        DeliveredFile(name=path.name, rows=rows.get(path.name), bytes=path.stat().st_size, sha256=digest(path))
        for path in sorted(made.iterdir())
    )


def digest(path: Path) -> str:
    """SHA-256 of a file, as `sha256sum` prints it."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def encode(manifest: Manifest) -> bytes:
    """The bytes that are signed."""
    return manifest.model_dump_json(indent=2).encode() + b"\n"


@contextmanager
def making(target: Path) -> Iterator[Path]:
    """A hidden folder for a delivery's files. It is gone when the block ends, unless `finish` put it in its place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    sweep(target.parent)
    made = Path(mkdtemp(prefix=_UNFINISHED, dir=target.parent))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def finish(made: Path, target: Path, manifest: Manifest, key: Ed25519PrivateKey) -> Path:
    """Add manifest, signature and sums, bring everything to disk, and give the folder its name.

    OSError when it is there already, or there is no room, and then nothing is left.
    """
    signed = encode(manifest)
    write(made / MANIFEST, signed)
    write(made / SIGNATURE, key.sign(signed))
    write(made / SUMS, _sums(made))
    made.chmod(0o750)
    _sync(made)
    made.rename(target)
    _sync(target.parent)
    return target


def sweep(parent: Path) -> None:
    """Remove what a killed process left; deliveries of a city are made by one process at a time."""
    for left in parent.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(left, ignore_errors=True)


def read_manifest(folder: Path) -> Manifest:
    """Raises DamagedError."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise DamagedError(folder, [MANIFEST]) from error


def problems(folder: Path, files: Iterable[DeliveredFile]) -> list[str]:
    """Names of the files that are missing, changed, or not the manifest's."""
    listed = {file.name: file for file in files}
    there = {path.name for path in folder.iterdir()} - {MANIFEST, SIGNATURE, SUMS}
    wrong = there ^ set(listed)
    for name in there & set(listed):
        path = folder / name
        if (path.stat().st_size, digest(path)) != (listed[name].bytes, listed[name].sha256):
            wrong.add(name)
    return sorted(wrong)


def _sums(made: Path) -> bytes:
    """As `sha256sum -c` reads it."""
    return "".join(f"{digest(path)}  {path.name}\n" for path in sorted(made.iterdir())).encode()


def write(path: Path, content: bytes) -> None:
    """A new file, on disk when it returns."""
    with path.open("xb") as file:
        file.write(content)
        sync(file)


def sync(file: IO[bytes]) -> None:
    """Wait for the disk; only our group may read it."""
    file.flush()
    os.fsync(file.fileno())
    os.fchmod(file.fileno(), 0o640)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
