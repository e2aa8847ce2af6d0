"""Keycloak, the OpenID provider that many organisations have: from Maven, under the stack's supervisor, in memory."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx2

from deploy.stack import Program, Stack, StackError
from deploy.stack.layout import Layout, require_space
from deploy.stack.tools import locked, run, wait_until

HERE: Final = Path(__file__).parent
NAME: Final = "keycloak"
CLIENT: Final = "ahual"
SECRET: Final = "known-to-both-sides"  # noqa: S105
NEEDED_MB: Final = 600
READY_S: Final = 300.0
"""Its first start puts it together, which takes a minute or two."""


def installed(layout: Layout) -> Path:
    """Its folder, fetched when it is not there. StackError when it cannot be had."""
    stamp = hashlib.sha256((HERE / "pom.xml").read_bytes()).hexdigest()[:12]
    target = layout.cache / f"{NAME}-{stamp}"
    with locked(layout.cache / f"{NAME}.lock"):
        if not target.is_dir():
            require_space(layout.cache, NEEDED_MB)
            fresh = layout.cache / f"{NAME}.new"
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir()
            shutil.copy(HERE / "pom.xml", fresh)
            goal = ("dependency:unpack-dependencies", "-DoutputDirectory=unpacked")
            run(("mvn", "-q", "-B", *goal), cwd=fresh, failure="maven_unreachable")
            next((fresh / "unpacked").glob("keycloak-*")).rename(target)
            shutil.rmtree(fresh)
    return target


@contextmanager
def keycloak(stack: Stack, port: int, callback: str) -> Iterator[str]:
    """Serve the realm of `realm.json`, which sends people back to `callback`; its issuer."""
    home = installed(stack.layout)
    (home / "data" / "import").mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "realm.json", home / "data" / "import" / "ahual-realm.json")
    host = f"http://localhost:{port}"
    where = (f"--http-port={port}", "--http-host=127.0.0.1", f"--hostname={host}")
    argv = (str(home / "bin" / "kc.sh"), "start-dev", "--import-realm", "--db=dev-mem", "--cache=local", *where)
    env = {"JAVA_OPTS_KC_HEAP": "-Xms64m -Xmx512m", "AHUAL_CALLBACK": callback, "AHUAL_SECRET": SECRET}
    stack.start(Program(name=NAME, argv=argv, env=env))
    issuer = f"{host}/realms/ahual"
    try:
        wait_until(lambda: _answers(issuer), seconds=READY_S, failure=lambda: _not_ready(stack))
        yield issuer
    finally:
        stack.stop(NAME)


def _answers(issuer: str) -> bool:
    try:
        found = httpx2.get(f"{issuer}/.well-known/openid-configuration", timeout=10, trust_env=False)
    except httpx2.TransportError:
        return False
    return found.status_code == httpx2.codes.OK


def _not_ready(stack: Stack) -> StackError:
    return StackError("not_ready", name=NAME, seconds=round(READY_S), detail="", log=stack.layout.log(NAME))
