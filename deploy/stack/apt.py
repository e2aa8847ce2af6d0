"""Which archive this machine installs from, and fetching packages of another Debian release from it, without root."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.stack.errors import StackError
from deploy.stack.tools import run

# Other archives (vendors' ones, security) have suites of other names.
_SUITES: Final = frozenset(
    {
        "buster",
        "bullseye",
        "bookworm",
        "trixie",
        "forky",
        "sid",
        "oldoldstable",
        "oldstable",
        "stable",
        "testing",
        "unstable",
    }
)
_KEPT: Final = {"signed-by": "Signed-By", "trusted": "Trusted"}
_ONE_LINE: Final = re.compile(r"deb\s+(?:\[(?P<options>[^]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<parts>.+)")


@dataclass(frozen=True, slots=True)
class Archive:
    """A Debian archive: its address, and the fields that say whom to trust there."""

    uri: str
    trust: Mapping[str, str]

    def sources(self, suite: str) -> str:
        """The content of a `.sources` file for one suite of this archive."""
        fields = {"Types": "deb", "URIs": self.uri, "Suites": suite, "Components": "main", **self.trust}
        return "".join(f"{name}: {value}\n" for name, value in fields.items())


def find_archive(files: Iterable[tuple[str, str]]) -> Archive | None:
    """The first Debian archive with `main` among apt's source files, given as (name, content)."""
    for name, content in files:
        entries = _deb822(content) if name.endswith(".sources") else _one_line(content)
        for fields in entries:
            if _is_debian(fields):
                trust = {shown: fields[key] for key, shown in _KEPT.items() if key in fields}
                return Archive(fields["uris"].split()[0], trust)
    return None


def machine_sources(etc: Path = Path("/etc/apt")) -> list[tuple[str, str]]:
    """Apt's source files on this machine."""
    parts = sorted(etc.glob("sources.list.d/*.sources")) + sorted(etc.glob("sources.list.d/*.list"))
    paths = [path for path in (etc / "sources.list", *parts) if path.is_file() and os.access(path, os.R_OK)]
    return [(path.name, path.read_text("utf-8", "replace")) for path in paths]


def download(packages: Sequence[str], *, suite: str, archive: Archive, folder: Path) -> list[Path]:
    """Fetch packages into `folder`; apt checks signatures and hashes. StackError when it cannot."""
    for name in ("lists/partial", "cache/archives/partial", "sources", "debs"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "sources" / "suite.sources").write_text(archive.sources(suite), "utf-8")
    (folder / "status").touch()
    settings = {
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": folder / "sources",
        "Dir::State::Lists": folder / "lists",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder / "cache",
        "Debug::NoLocking": "true",
        "APT::Sandbox::User": "root",
        "APT::Update::Error-Mode": "any",
        "Acquire::Languages": "none",
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
        "Acquire::Retries": "2",
        "Acquire::http::Timeout": "20",
        "Acquire::https::Timeout": "20",
    }
    options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    env = {**os.environ, "LC_ALL": "C"}
    run(["apt-get", *options, "-q", "update"], failure="apt_unreachable", env=env, cwd=folder)
    run(["apt-get", *options, "-q", "download", *packages], failure="apt_unreachable", env=env, cwd=folder / "debs")
    return sorted((folder / "debs").glob("*.deb"))


def archive_of_machine() -> Archive:
    """The machine's own Debian archive; StackError where there is no apt or none of Debian."""
    archive = find_archive(machine_sources())
    if archive is None:
        raise StackError("no_debian_archive")
    return archive


def _is_debian(fields: Mapping[str, str]) -> bool:
    return (
        "deb" in fields["types"].split()
        and bool(_SUITES & set(fields["suites"].split()))
        and "main" in fields["components"].split()
        and fields.get("enabled", "yes") != "no"
    )


def _one_line(content: str) -> Iterable[Mapping[str, str]]:
    for line in content.splitlines():
        match = _ONE_LINE.match(line.partition("#")[0].strip())
        if match:
            options = dict(o.split("=", 1) for o in (match["options"] or "").split() if "=" in o)
            yield options | {
                "types": "deb",
                "uris": match["uri"],
                "suites": match["suite"],
                "components": match["parts"],
            }


def _deb822(content: str) -> Iterable[Mapping[str, str]]:
    for stanza in re.split(r"\n\s*\n", re.sub(r"(?m)^#.*\n?", "", content)):
        fields: dict[str, str] = {"types": "", "uris": "", "suites": "", "components": ""}
        name = ""
        for line in stanza.splitlines():
            if line[:1].isspace():
                fields[name] = f"{fields.get(name, '')}\n{line}"
            else:
                name, _, value = line.partition(":")
                name = name.strip().lower()
                fields[name] = value.strip()
        yield fields
