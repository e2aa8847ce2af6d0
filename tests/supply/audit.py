"""Known vulnerabilities of what the lock files name, without a network: `python -m tests.supply.audit FOLDER [LOCK…]`.

FOLDER is a local copy of advisories in the OSV format (files of YAML or JSON, in any depth), such as a clone of the
Python Packaging Authority's advisory database. Exit code 0: none applies; 1: some do; 2: there is no copy, so nothing
was checked.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from schemas import yaml_text

LOCKS: Final = ("requirements.lock", "requirements-dev.lock")
_PINNED: Final = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)


class Finding(NamedTuple):
    """An advisory that applies."""

    package: str
    version: str
    advisory: str
    summary: str


def pinned(lock: str) -> dict[str, str]:
    """Versions by canonical name."""
    return {canonicalize_name(name): version for name, version in _PINNED.findall(lock)}


def advisories(folder: Path) -> Iterator[Mapping[str, Any]]:
    """Every advisory of the copy; ValueError for a file that is none."""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".json", ".yaml", ".yml") or any(part.startswith(".") for part in path.parts):
            continue
        text = path.read_text("utf-8")
        parsed = json.loads(text) if path.suffix == ".json" else yaml_text.parse(text)
        if not isinstance(parsed, dict) or "id" not in parsed:
            raise ValueError(f"not an advisory: {path}")
        yield parsed


def findings(installed: Mapping[str, str], known: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """Which advisories apply to which of the installed."""
    found = []
    for advisory in known:
        if advisory.get("withdrawn"):
            continue
        for affected in advisory.get("affected", ()):
            package = affected.get("package", {})
            name = canonicalize_name(package.get("name", ""))
            if package.get("ecosystem") == "PyPI" and name in installed and applies(affected, installed[name]):
                summary = str(advisory.get("summary") or advisory.get("details", "")).split("\n")[0][:100]
                found.append(Finding(name, installed[name], advisory["id"], summary))
    return sorted(set(found))


def applies(affected: Mapping[str, Any], version: str) -> bool:
    """Whether a version is listed, or lies in a range: at or after `introduced`, before `fixed`."""
    if version in affected.get("versions", ()):
        return True
    ranges = (r for r in affected.get("ranges", ()) if r.get("type") == "ECOSYSTEM")
    return any(_within(r.get("events", ()), Version(version)) for r in ranges)


def _within(events: Iterable[Mapping[str, str]], version: Version) -> bool:
    inside = False
    for kind, moment in sorted(((k, v) for e in events for k, v in e.items()), key=lambda event: _order(event[1])):
        if kind == "introduced" and _order(moment) <= version:
            inside = True
        elif (kind == "fixed" and _order(moment) <= version) or (kind == "last_affected" and _order(moment) < version):
            inside = False
    return inside


def _order(moment: str) -> Version:
    try:
        return Version(moment)
    except InvalidVersion:
        return Version("0")


def main(arguments: list[str]) -> int:
    """Print what applies; the exit code."""
    folder = Path(arguments[0]) if arguments and arguments[0] else None
    if folder is None or not folder.is_dir():
        sys.stderr.write("NOT AUDITED: no local copy of advisories (docs/security.md, “Dependencies”)\n")
        return 2
    known = list(advisories(folder))
    if not known:
        sys.stderr.write(f"NOT AUDITED: no advisory in {folder}\n")
        return 2
    installed: dict[str, str] = {}
    for lock in arguments[1:] or LOCKS:
        installed |= pinned(Path(lock).read_text("utf-8"))
    found = findings(installed, known)
    for finding in found:
        sys.stdout.write(f"{finding.package} {finding.version}  {finding.advisory}  {finding.summary}\n")
    sys.stdout.write(f"{len(installed)} packages against {len(known)} advisories: {len(found)} apply\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
