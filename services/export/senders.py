"""Sending a delivery: every file as it is, the manifest's last, so that whoever sees a manifest sees all of it.

Sending it again is harmless. On a folder and over SFTP it appears whole, by a rename; an object store has no rename.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp
from typing import Final

import asyncssh
from pyarrow import ArrowException
from pyarrow.fs import S3FileSystem

from schemas.delivery import MANIFEST, SIGNATURE, SUMS
from services.export.errors import WayError
from services.export.ways import DirectoryWay, S3Way, SftpWay, Way

_LAST: Final = (SUMS, SIGNATURE, MANIFEST)
_UNFINISHED: Final = ".unfinished-"
_PIECE: Final = 1 << 20
TIMEOUT_S: Final = 120.0
SLOWEST: Final = 100_000
"""Bytes a second: a larger delivery may take so much longer."""


async def send(way: Way, folder: Path, relative: PurePosixPath) -> None:
    """Send the folder to `relative` below the way's root. Raises WayError, or WaysError without its secrets."""
    files = _files(folder)
    try:
        async with asyncio.timeout(TIMEOUT_S + sum(path.stat().st_size for path in files) / SLOWEST):
            match way:
                case DirectoryWay():
                    await asyncio.to_thread(_to_directory, way.path, files, relative)
                case S3Way():
                    await asyncio.to_thread(_to_s3, way, files, relative)
                case SftpWay():
                    await _to_sftp(way, files, relative)
    except (OSError, TimeoutError, ArrowException, asyncssh.Error) as error:
        raise WayError("not_sent", way=way.name, problem=str(error)[:300] or type(error).__name__) from error


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir(), key=lambda path: _order(path.name))


def _order(name: str) -> tuple[int, str]:
    return (_LAST.index(name) + 1 if name in _LAST else 0, name)


def _to_directory(root: Path, files: Sequence[Path], relative: PurePosixPath) -> None:
    if not root.is_dir():
        raise FileNotFoundError(f"{root} is no folder")  # a share that is not mounted must not be filled in
    target = root / relative
    if (target / MANIFEST).exists() and (target / MANIFEST).read_bytes() == files[-1].read_bytes():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    made = Path(mkdtemp(prefix=_UNFINISHED, dir=target.parent))
    try:
        for path in files:
            shutil.copyfile(path, made / path.name)
        made.chmod(0o750)
        made.rename(target)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def _to_s3(way: S3Way, files: Sequence[Path], relative: PurePosixPath) -> None:
    access, secret = way.credentials
    store = S3FileSystem(
        access_key=access,
        secret_key=secret,
        endpoint_override=way.endpoint or None,
        scheme=way.scheme,
        region=way.region,
        connect_timeout=10,
        request_timeout=60,
    )
    target = PurePosixPath(way.bucket) / way.prefix / relative
    for path in files:
        with path.open("rb") as file, store.open_output_stream(str(target / path.name)) as stream:
            shutil.copyfileobj(file, stream, _PIECE)


async def _to_sftp(way: SftpWay, files: Sequence[Path], relative: PurePosixPath) -> None:
    target = way.path / relative
    made = target.with_name(f"{_UNFINISHED}{target.name}")
    async with (
        asyncssh.connect(
            way.host,
            way.port,
            username=way.user,
            client_keys=[str(way.key_file)],
            known_hosts=str(way.known_hosts_file),
            connect_timeout=10,
        ) as connection,
        connection.start_sftp_client() as sftp,
    ):
        if await sftp.exists(target / MANIFEST):
            return
        if await sftp.exists(made):
            await sftp.rmtree(made)
        await sftp.makedirs(made, exist_ok=True)
        for path in files:
            await sftp.put(str(path), made / path.name)
        await sftp.posix_rename(made, target)
