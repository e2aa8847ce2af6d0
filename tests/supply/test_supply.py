"""The list of parts names what is locked, and the audit finds what it should."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.supply.audit import LOCKS, applies, findings, main, pinned

ROOT = Path(__file__).parents[2]


def advisory(name: str, events: list[dict[str, str]], **more: Any) -> dict[str, Any]:
    affected = {"package": {"ecosystem": "PyPI", "name": name}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    return {"id": "X-1", "summary": "It leaks.", "affected": [affected], **more}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_of_a_lock_is_read(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(pinned(text)) == len({line.split("==")[0].split("[")[0].lower() for line in lines})


@pytest.mark.parametrize(
    ("version", "inside"),
    [("1.0", False), ("1.1", True), ("1.9.9", True), ("2.0", False), ("3.0rc1", True), ("3.1", True), ("3.2", False)],
)
def test_a_range_begins_and_ends(version: str, inside: bool) -> None:
    events = [{"introduced": "1.1"}, {"fixed": "2.0"}, {"introduced": "3.0a0"}, {"last_affected": "3.1"}]
    assert applies({"ranges": [{"type": "ECOSYSTEM", "events": events}]}, version) is inside


def test_a_listed_version_needs_no_range() -> None:
    assert applies({"versions": ["1.0"]}, "1.0")
    assert not applies({"versions": ["1.0"]}, "1.0.1")


def test_names_are_compared_as_pip_does_and_withdrawn_advisories_are_not() -> None:
    known = advisory("Paho.MQTT", [{"introduced": "0"}])
    assert [f.package for f in findings({"paho-mqtt": "2.2.0"}, [known])] == ["paho-mqtt"]
    assert findings({"paho-mqtt": "2.2.0"}, [known | {"withdrawn": "2026-01-01T00:00:00Z"}]) == []
    assert findings({"paho": "2.2.0"}, [known]) == []


def test_the_exit_code_tells_clean_from_unknown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = tmp_path / "lock"
    lock.write_text("paho-mqtt==2.2.0 \\\n    --hash=sha256:0\n")
    copy = tmp_path / "advisories"
    assert main([str(copy), str(lock)]) == 2
    copy.mkdir()
    assert main([str(copy), str(lock)]) == 2, "an empty copy proves nothing"
    assert "NOT AUDITED" in capsys.readouterr().err
    (copy / "a.yaml").write_text(yaml.safe_dump(advisory("paho-mqtt", [{"introduced": "0"}, {"fixed": "2.0"}])))
    assert main([str(copy), str(lock)]) == 0
    (copy / "b.json").write_text(json.dumps(advisory("paho-mqtt", [{"introduced": "2.1"}])))
    assert main([str(copy), str(lock)]) == 1
    assert "paho-mqtt 2.2.0  X-1  It leaks." in capsys.readouterr().out


def test_the_list_of_parts_is_what_is_locked(tmp_path: Path) -> None:
    made = tmp_path / "sbom.cdx.json"
    argv = [sys.executable, "-m", "cyclonedx_py", "requirements", "--pyproject", "pyproject.toml"]
    argv += ["--output-reproducible", "--of", "JSON", "-o", str(made), "requirements.lock"]
    subprocess.run(argv, cwd=ROOT, check=True, capture_output=True)
    parts = json.loads(made.read_text("utf-8"))
    assert parts["bomFormat"] == "CycloneDX"
    named = {part["name"].lower().replace("_", "-"): part["version"] for part in parts["components"]}
    assert named == pinned((ROOT / "requirements.lock").read_text("utf-8"))
    assert parts["metadata"]["component"]["name"] == "ahual"
