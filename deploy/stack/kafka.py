"""One Apache Kafka node from its published jars."""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import shutil
import subprocess
import uuid
from base64 import urlsafe_b64encode
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final

from deploy.certs.authority import Authority
from deploy.stack.errors import StackError
from deploy.stack.layout import Layout, require_space
from deploy.stack.ports import Ports
from deploy.stack.program import Program
from deploy.stack.progress import Progress
from deploy.stack.tools import locked, run, write_private

JAVA_AT_LEAST: Final = 17
NEEDED_MB: Final = 300
_JVM: Final = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true")


def jars(layout: Layout) -> Path:
    """The folder of the broker's jars: complete if it exists. Its name says which ones they are."""
    return layout.cache / f"kafka-{hashlib.sha256(_pom()).hexdigest()[:12]}"


def install(layout: Layout) -> None:
    """Fill `jars`, which needs the network; later calls do nothing."""
    target = jars(layout)
    with locked(layout.cache / "kafka.lock"):
        if target.is_dir():
            return
        if shutil.which("mvn") is None:
            raise StackError("maven_missing")
        require_space(layout.cache, NEEDED_MB)
        fresh = layout.cache / "kafka.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        (fresh / "pom.xml").write_bytes(_pom())
        goal = ["dependency:copy-dependencies", "-DoutputDirectory=jars"]
        run(["mvn", "-q", "-B", *_repository(layout), *goal], cwd=fresh, failure="maven_unreachable")
        (fresh / "jars").rename(target)
        shutil.rmtree(fresh)


def prepare(layout: Layout, ports: Ports, progress: Progress, certs: Authority | None = None) -> Program:
    """Write the configuration, format the storage once, and say how the broker is run."""
    home = layout.folder / "kafka"
    home.mkdir(exist_ok=True)
    write_private(home / "server.properties", render(ports, tls=certs is not None))
    if certs:
        keystore = certs.key("kafka").read_text("utf-8") + certs.certificate("kafka").read_text("utf-8")
        write_private(home / "keystore.pem", keystore)
        write_private(home / "truststore.pem", certs.ca.read_text("utf-8"))
    write_private(home / "log4j2.xml", (files("deploy") / "kafka" / "log4j2.xml").read_text("utf-8"))
    # The class path has no quoting for a colon, and a relative one needs none.
    (home / "jars").unlink(missing_ok=True)
    (home / "jars").symlink_to(jars(layout))
    if not (home / "data" / "meta.properties").exists():
        shutil.rmtree(home / "data", ignore_errors=True)
        with progress.step("formatting_kafka"):
            # The form with "=", because one id in 64 starts with a minus.
            cluster = f"--cluster-id={urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip('=')}"
            tool = ["kafka.tools.StorageTool", "format", "--standalone", cluster, "--config=server.properties"]
            run([*_java(), "-XX:TieredStopAtLevel=1", *tool], cwd=home, failure="kafka_format_failed")
    argv = (*_java(), *_JVM, "kafka.Kafka", "server.properties")
    return Program(name="kafka", argv=argv, cwd=home)


def render(ports: Ports, *, tls: bool = False) -> str:
    """The broker's `server.properties`."""
    folder = files("deploy") / "kafka"
    text = Template((folder / "server.conf").read_text("utf-8"))
    known_by_certificate = (folder / "tls.conf").read_text("utf-8") if tls else ""
    return text.substitute(ports.model_dump(), protocol="SSL" if tls else "PLAINTEXT") + known_by_certificate


def require_java() -> None:
    """StackError when Java is missing or too old."""
    java = shutil.which("java")
    if java is None:
        raise StackError("java_missing", needed=JAVA_AT_LEAST)
    shown = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    found = java_version(shown.stderr + shown.stdout)
    if found < JAVA_AT_LEAST:
        raise StackError("java_old", found=found or "?", needed=JAVA_AT_LEAST)


def java_version(output: str) -> int:
    """The major version out of what `java -version` prints; 0 when it says none."""
    match = re.search(r'version "(?:1\.)?(\d+)', output)
    return int(match[1]) if match else 0


def _pom() -> bytes:
    return (files("deploy") / "kafka" / "pom.xml").read_bytes()


def _java() -> tuple[str, ...]:
    return (shutil.which("java") or "java", "-cp", "jars/*", "-Dlog4j2.configurationFile=log4j2.xml")


def _repository(layout: Layout) -> list[str]:
    """Maven asks the password database for the home folder; some accounts have none to write to."""
    home = Path(pwd.getpwuid(os.geteuid()).pw_dir)
    if home.is_dir() and os.access(home, os.W_OK):
        return []
    return [f"-Dmaven.repo.local={layout.cache / 'maven'}"]
