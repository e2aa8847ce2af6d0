"""One PostgreSQL with TimescaleDB: cluster, accounts, database."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final

import asyncpg

from deploy.certs.authority import Authority
from deploy.stack import debian
from deploy.stack.layout import Layout
from deploy.stack.passwords import Passwords
from deploy.stack.ports import Ports
from deploy.stack.program import Program
from deploy.stack.progress import Progress
from deploy.stack.tools import run, write_private
from services.runtime.tls import client_context

DATABASE: Final = "ahual"
OWNER: Final = "ahual"
READER: Final = "ahual_reader"
SUPERUSER: Final = "postgres"


def prepare(
    layout: Layout, ports: Ports, passwords: Passwords, progress: Progress, certs: Authority | None = None
) -> Program:
    """Write the configuration, create the cluster once, and say how the server is run."""
    binaries = debian.home(layout) / debian.POSTGRES_BIN
    data = layout.postgres
    if not (data / "PG_VERSION").exists():
        with progress.step("creating_cluster"):
            _create(layout, binaries, passwords)
    if layout.account is not None:
        link = layout.folder / "postgres"
        link.unlink(missing_ok=True)
        link.symlink_to(data)
    contents = render(ports, tls=certs is not None)
    if certs:
        contents["server.crt"] = certs.certificate("postgres").read_text("utf-8")
        contents["server.key"] = certs.key("postgres").read_text("utf-8")
    for name, content in contents.items():
        write_private(data / name, content)
        if layout.account is not None:
            shutil.chown(data / name, layout.account)
    argv = (str(binaries / "postgres"), "-D", str(data))
    return Program(
        name="postgres", argv=argv, cwd=Path("/"), account=layout.account, stop_signal="INT", stop_seconds=30
    )


def render(ports: Ports, *, tls: bool = False) -> dict[str, str]:
    """The server's configuration files by name."""
    folder = files("deploy") / "postgres"
    names = ("postgresql.conf", "pg_hba.conf")
    values = {**ports.model_dump(), "ssl": "on" if tls else "off", "record": "hostssl" if tls else "host"}
    return {n: Template((folder / n).read_text("utf-8")).substitute(values) for n in names}


def url(ports: Ports, role: str, password: str, certs: Authority | None = None) -> str:
    """The SQLAlchemy address of our database for one role."""
    tls = f"?sslmode=verify-full&sslrootcert={certs.ca}" if certs else ""
    return f"postgresql+asyncpg://{role}:{password}@127.0.0.1:{ports.postgres}/{DATABASE}{tls}"


async def answers(ports: Ports, passwords: Passwords, certs: Authority | None = None) -> bool:
    """Whether the server takes statements: it listens already while it still recovers."""
    try:
        connection = await _connect(ports, passwords, "postgres", certs)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
        # asyncpg has told the refused connection to close, which happens in the loop's next turns.
        await asyncio.sleep(0.01)
        return False
    await connection.close()
    return True


async def ensure_database(ports: Ports, passwords: Passwords, certs: Authority | None = None) -> None:
    """Create what is missing of the roles, the database and its extension; passwords are made those of the stack."""
    connection = await _connect(ports, passwords, "postgres", certs)
    try:
        for role, password in roles(passwords).items():
            if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
                await connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        await connection.execute(f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC")
        await connection.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO {', '.join(roles(passwords))}")
        await connection.execute(f"GRANT TEMPORARY ON DATABASE {DATABASE} TO ahual_scorer")
        # Where it looks for functions first: deploy/migrations/versions/v0006_access.py.
        await connection.execute('ALTER ROLE ahual_scorer SET search_path = ahual, "$user", public')
    finally:
        await connection.close()
    connection = await _connect(ports, passwords, DATABASE, certs)
    try:
        await connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
        # The Apache edition ships this job, refuses to run it with an error in the log every time, and refuses
        # delete_job and alter_job as well.
        await connection.execute(
            "UPDATE _timescaledb_config.bgw_job SET scheduled = false"
            " WHERE proc_name = 'policy_job_stat_history_retention'"
            " AND scheduled AND current_setting('timescaledb.license') = 'apache'"
        )
    finally:
        await connection.close()


def roles(passwords: Passwords) -> dict[str, str]:
    """Every account of the database but the superuser, with its password."""
    services = {
        f"{OWNER}_{name}": str(getattr(passwords, name))
        for name in ("ingest", "scorer", "api", "export", "notify", "broker")
    }
    return {OWNER: passwords.owner, READER: passwords.reader, **services}


async def _connect(ports: Ports, passwords: Passwords, database: str, certs: Authority | None) -> asyncpg.Connection:
    return await asyncpg.connect(
        host="127.0.0.1",
        port=ports.postgres,
        user=SUPERUSER,
        password=passwords.superuser,
        database=database,
        timeout=5,
        command_timeout=30,
        ssl=client_context(certs.ca) if certs else False,
    )


def _create(layout: Layout, binaries: Path, passwords: Passwords) -> None:
    data = layout.postgres
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True, mode=0o700)
    if layout.account is not None:
        data.parent.chmod(0o755)
        shutil.chown(data, layout.account)
    with tempfile.NamedTemporaryFile("w") as password:
        password.write(passwords.superuser)
        password.flush()
        if layout.account is not None:
            shutil.chown(password.name, layout.account)
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        accounts = ["--auth=scram-sha-256", f"--username={SUPERUSER}", f"--pwfile={password.name}"]
        run(
            [binaries / "initdb", "-D", data, *locale, *accounts],
            failure="initdb_failed",
            cwd=Path("/"),
            env={"LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath)},
            account=layout.account,
        )
