"""The ways out, against real servers of this machine: a folder, an S3 store, an SFTP server."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath

import asyncssh
import pytest
import sqlalchemy as sa
from pyarrow.fs import FileSelector, S3FileSystem
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from schemas.delivery import Manifest
from services.cityscore.catalogue import load_catalogue
from services.export import folder, formats, verify
from services.export.deliveries import Maker
from services.export.errors import WayError, WaysError
from services.export.rows import of_period, rows
from services.export.schedule import Exporter
from services.export.senders import send
from services.export.sending import send_waiting
from services.export.ways import DirectoryWay, S3Way, SftpWay, load
from tests.export.stored import CITY, DAY, KEY, LATER, store, value
from tests.export.test_deliveries import HOUR, contents
from tests.waiting import eventually

RELATIVE = PurePosixPath("karaganda/day/2026-10-31/r0001")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A delivery on disk."""

    made = list(rows(of_period(load_catalogue(), DAY.period), CITY, DAY, {"2.1": value("2.1", 19.25)}))
    target = folder.place(tmp_path / "stored", CITY.code, DAY.period, DAY.name, 1)
    with folder.making(target) as unfinished:
        for name, content in formats.to_files(made).items():
            folder.write(unfinished / name, content)
        return folder.finish(unfinished, target, manifest_of(unfinished, len(made)), KEY)


def manifest_of(unfinished: Path, count: int) -> Manifest:
    return Manifest(
        city=CITY.code,
        period=DAY.period,
        name=DAY.name,
        begin=DAY.begin,
        end=DAY.end,
        revision=1,
        previous=None,
        generated_at=LATER,
        rows=count,
        changes=(),
        files=folder.described(unfinished, {}),
    )


async def test_a_folder_gets_it_whole_and_once(place: Path, tmp_path: Path) -> None:
    way = DirectoryWay(kind="directory", name="share", path=tmp_path / "share")
    with pytest.raises(WayError, match="no folder"):  # not mounted: it must not be made
        await send(way, place, RELATIVE)
    way.path.mkdir()
    for _ in range(2):
        await send(way, place, RELATIVE)
    assert contents(way.path / RELATIVE) == contents(place)
    assert verify.check(way.path / RELATIVE, KEY.public_key()) == []
    assert [path.name for path in (way.path / RELATIVE).parent.iterdir()] == ["r0001"]


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@asynccontextmanager
async def s3_server() -> AsyncIterator[int]:
    port = _free_port()
    argv = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = await asyncio.create_subprocess_exec(*argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    async def answers() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True

    try:
        await eventually(answers, within_s=60)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def test_an_object_store_gets_every_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with s3_server() as port:
        way = S3Way(
            kind="s3",
            name="lake",
            endpoint=f"127.0.0.1:{port}",
            scheme="http",
            bucket="sdu",
            prefix=PurePosixPath("cities"),
            access_key_env="TEST_S3_ACCESS",
            secret_key_env="TEST_S3_SECRET",  # noqa: S106  (the name of a variable)
        )
        with pytest.raises(WaysError, match="no_secret"):
            await send(way, place, RELATIVE)
        monkeypatch.setenv("TEST_S3_ACCESS", "key")
        monkeypatch.setenv("TEST_S3_SECRET", "secret")
        with pytest.raises(WayError, match="lake"):  # there is no such bucket
            await send(way, place, RELATIVE)
        s3 = S3FileSystem(
            access_key="key",
            secret_key="secret",  # noqa: S106
            endpoint_override=way.endpoint,
            scheme="http",
            allow_bucket_creation=True,
        )
        await asyncio.to_thread(s3.create_dir, "sdu")
        await send(way, place, RELATIVE)
        found = await asyncio.to_thread(s3.get_file_info, FileSelector(f"sdu/cities/{RELATIVE}"))
        there = {info.base_name: s3.open_input_stream(info.path).read() for info in found}
        assert there == contents(place)


@asynccontextmanager
async def sftp_server(root: Path, keys: Path) -> AsyncIterator[SftpWay]:
    host, client = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    client.write_private_key(str(keys / "client"))
    (keys / "authorized").write_bytes(client.export_public_key())

    class Server(asyncssh.SSHServer):
        def begin_auth(self, _username: str) -> bool:
            return True

    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=Server,
        server_host_keys=[host],
        authorized_client_keys=str(keys / "authorized"),
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(root).encode()),
    )
    port = server.get_port()
    known = f"[127.0.0.1]:{port} ".encode() + host.export_public_key()
    (keys / "known_hosts").write_bytes(known)
    try:
        yield SftpWay(
            kind="sftp",
            name="gate",
            host="127.0.0.1",
            port=port,
            user="city",
            key_file=keys / "client",
            known_hosts_file=keys / "known_hosts",
            path=PurePosixPath("/in"),
        )
    finally:
        server.close()
        await server.wait_closed()


async def test_an_sftp_server_gets_it_whole_and_is_known_by_its_key(place: Path, tmp_path: Path) -> None:
    root, keys = tmp_path / "remote", tmp_path / "keys"
    root.mkdir()
    keys.mkdir()
    async with sftp_server(root, keys) as way:
        for _ in range(2):
            await send(way, place, RELATIVE)
        assert contents(root / "in" / RELATIVE) == contents(place)
        other = asyncssh.generate_private_key("ssh-ed25519").export_public_key()
        way.known_hosts_file.write_bytes(f"[127.0.0.1]:{way.port} ".encode() + other)
        with pytest.raises(WayError, match="gate"):
            await send(way, place, RELATIVE)


def test_a_file_of_ways_with_a_mistake_names_file_and_place(tmp_path: Path) -> None:
    file = tmp_path / "ways.yaml"
    file.write_text("ways: [{kind: directory, name: share, path: /x}, {kind: ftp, name: old}]")
    with pytest.raises(WaysError, match=r"ways\.1") as failed:
        load(file)
    assert failed.value.params["file"] == file
    file.write_text("ways: [{kind: directory, name: a, path: /x}, {kind: directory, name: a, path: /y}]")
    with pytest.raises(WaysError, match="same name"):
        load(file)
    assert load(None) == ()


@pytest.mark.stack
async def test_a_way_that_is_away_is_tried_again_and_holds_up_no_other(database: AsyncEngine, tmp_path: Path) -> None:
    root = tmp_path / "stored"
    async with database.connect() as connection:
        await store(connection, value("2.1", 19.25))
    await Exporter(database, Maker(load_catalogue(), root, KEY), HOUR).run(LATER)
    away = DirectoryWay(kind="directory", name="away", path=tmp_path / "away")
    there = DirectoryWay(kind="directory", name="there", path=tmp_path / "there")
    there.path.mkdir()
    first = await send_waiting(database, root, [away, there], LATER)
    assert [(o.way, o.sent, bool(o.failure)) for o in first] == [("away", 0, True), ("there", 1, False)]
    away.path.mkdir()
    second = await send_waiting(database, root, [away, there], LATER + HOUR)
    assert [(o.way, o.sent, o.failure) for o in second] == [("away", 1, None), ("there", 0, None)]
    async with database.connect() as connection:
        rows = (await connection.execute(sa.select(tables.delivery_sent).order_by(tables.delivery_sent.c.way))).all()
    assert [(row.way, row.attempts, row.sent_at, row.failure) for row in rows] == [
        ("away", 2, LATER + HOUR, None),
        ("there", 1, LATER, None),
    ]
    assert contents(away.path) == contents(there.path) == contents(root)
