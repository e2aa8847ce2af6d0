"""Backup and restore of the stack's database with PostgreSQL's own tools: a checked physical copy.

The stored Kafka offsets are in the copy. A restored database reads Kafka on from there, and its ledger knows what it
had already.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from deploy.stack import debian
from deploy.stack.errors import StackError, plain_errors
from deploy.stack.layout import Layout, require_space
from deploy.stack.passwords import Passwords
from deploy.stack.ports import Ports
from deploy.stack.postgres import SUPERUSER
from deploy.stack.tools import run

COPY: Final = "postgres"
SECRETS: Final = "secrets.env"


def create(layout: Layout, ports: Ports, passwords: Passwords, target: Path) -> int:
    """Copy the running database into a new folder and verify the copy; its size in bytes.

    StackError when the folder has something in it, or PostgreSQL says no.
    """
    with plain_errors(target):
        if target.exists() and any(target.iterdir()):
            raise StackError("backup_not_empty", where=target)
        target.mkdir(parents=True, exist_ok=True)
        target.chmod(0o700)
        require_space(target, _megabytes(layout.postgres))
        where = f"host=127.0.0.1 port={ports.postgres} user={SUPERUSER} sslmode=prefer"
        copy = target / COPY
        run(
            [_program(layout, "pg_basebackup"), "-D", copy, "-d", where, "--checkpoint=fast", "--wal-method=stream"],
            failure="backup_failed",
            env={"PGPASSWORD": passwords.superuser, "PATH": os.defpath},
        )
        run([_program(layout, "pg_verifybackup"), "--quiet", copy], failure="backup_failed")
        shutil.copyfile(layout.secrets, target / SECRETS)
        (target / SECRETS).chmod(0o600)
    return sum(path.stat().st_size for path in copy.rglob("*") if path.is_file())


def restore(layout: Layout, source: Path) -> Path | None:
    """Put a verified backup in the place of a stopped database; where the old one was moved to, if there was one.

    StackError when the folder is no backup, or the copy is damaged.
    """
    with plain_errors(layout.folder):
        if not (source / COPY / "backup_manifest").is_file():
            raise StackError("backup_missing", where=source)
        run([_program(layout, "pg_verifybackup"), "--quiet", source / COPY], failure="backup_failed")
        layout.make()
        data = layout.postgres
        data.parent.mkdir(parents=True, exist_ok=True)
        if layout.account is not None:
            data.parent.chmod(0o755)
        old = _put_aside(data)
        shutil.copytree(source / COPY, data, symlinks=True)
        data.chmod(0o700)
        if layout.account is not None:
            for path in (data, *data.rglob("*")):
                shutil.chown(path, layout.account)
        shutil.copyfile(source / SECRETS, layout.secrets)
        layout.secrets.chmod(0o600)
    return old


def _put_aside(data: Path) -> Path | None:
    """Nothing is deleted by a restore."""
    if not data.exists():
        return None
    number = 1
    while (old := data.with_name(f"{data.name}.before-restore-{number}")).exists():
        number += 1
    return data.rename(old)


def _megabytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) // 1_000_000 + 100


def _program(layout: Layout, name: str) -> Path:
    return debian.home(layout) / debian.POSTGRES_BIN / name
