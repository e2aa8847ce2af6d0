"""The deliveries on disk: `{city}/{period}/{name}/r0001/`, written whole or not at all, and never changed.

A delivery is made in a hidden folder beside its place, brought to disk, and renamed. What a killed process leaves is
hidden, and swept by the next one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from schemas.catalogue import Period
from schemas.delivery import MANIFEST, SIGNATURE, SUMS, DeliveredFile, Manifest, relative
from services.export.errors import DamagedError

_UNFINISHED: Final = ".unfinished-"


def place(root: Path, city: str, period: Period, name: str, revision: int) -> Path:
    """Where a delivery is."""
    return root / relative(city, period, name, revision)


def described(contents: Mapping[str, bytes], rows: Mapping[str, int]) -> tuple[DeliveredFile, ...]:
    """The manifest's entries of these files, in order of name."""
    return tuple(
        DeliveredFile(name=name, rows=rows.get(name), bytes=len(content), sha256=sha256(content).hexdigest())
        for name, content in sorted(contents.items())
    )


def encode(manifest: Manifest) -> bytes:
    """The bytes that are signed."""
    return manifest.model_dump_json(indent=2).encode() + b"\n"


def store(root: Path, manifest: Manifest, contents: Mapping[str, bytes], key: Ed25519PrivateKey) -> Path:
    """Put a delivery in its place; OSError when it is there already, or there is no room, and then nothing is left."""
    target = place(root, manifest.city, manifest.period, manifest.name, manifest.revision)
    target.parent.mkdir(parents=True, exist_ok=True)
    sweep(target.parent)
    signed = encode(manifest)
    files = {**contents, MANIFEST: signed, SIGNATURE: key.sign(signed)}
    files[SUMS] = _sums(files)
    made = Path(mkdtemp(prefix=_UNFINISHED, dir=target.parent))
    try:
        for name, content in files.items():
            _write(made / name, content)
        made.chmod(0o750)
        _sync(made)
        made.rename(target)
        _sync(target.parent)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
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
        content = (folder / name).read_bytes()
        if (len(content), sha256(content).hexdigest()) != (listed[name].bytes, listed[name].sha256):
            wrong.add(name)
    return sorted(wrong)


def _sums(files: Mapping[str, bytes]) -> bytes:
    """As `sha256sum -c` reads it."""
    return "".join(f"{sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items())).encode()


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o640)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
